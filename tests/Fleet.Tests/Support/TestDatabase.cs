using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;
using Fleet.Storage.SqlServer;
using Microsoft.Data.SqlClient;

namespace Fleet.Tests.Support;

/// <summary>A database of one test, with Fleet's schema; goes away with it.</summary>
public abstract class TestDatabase : IAsyncDisposable
{
    public abstract string ConnectionString { get; }

    /// <summary>Makes the database; skips the test where its server is missing.</summary>
    public abstract Task CreateAsync();

    /// <summary>Opens it as another process would: on connections of its own.</summary>
    public abstract IStorage Open(TimeProvider time);

    public abstract ValueTask DisposeAsync();
}

public sealed class SqliteDatabase : TestDatabase
{
    private readonly TempFolder _folder = new();

    public override string ConnectionString => $"Data Source={_folder.Path}/fleet.db;Pooling=False";

    public override async Task CreateAsync()
    {
        await using var storage = (SqliteStorage)Open(TimeProvider.System);
        await storage.MigrateAsync(CancellationToken.None);
    }

    public override IStorage Open(TimeProvider time) => new SqliteStorage(ConnectionString, time);

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class PostgresDatabase(PostgresServer server) : TestDatabase
{
    private string? _connectionString;

    public override string ConnectionString => _connectionString + ";Pooling=true";

    public override async Task CreateAsync() => _connectionString = await server.CreateDatabaseAsync();

    public override IStorage Open(TimeProvider time) => new PostgresStorage(ConnectionString, time);

    public override async ValueTask DisposeAsync()
    {
        if (_connectionString is not null)
            await server.DropDatabaseAsync(_connectionString);
    }
}

/// <summary>A database on the SQL Server that <c>TEST_SQLSERVER</c> names.</summary>
public sealed class SqlServerDatabase : TestDatabase
{
    /// <summary>The connection string of a login that may create databases; null if there is no server.</summary>
    public static readonly string? Server = Environment.GetEnvironmentVariable("TEST_SQLSERVER") is { Length: > 0 } server ? server : null;

    private string? _connectionString;

    public override string ConnectionString => _connectionString!;

    public override async Task CreateAsync()
    {
        if (Server is null)
            throw new InvalidOperationException("There is no SQL Server here: mark the class of this test with [NeedsSqlServer].");
        var name = "fleet_" + Guid.NewGuid().ToString("N");
        _connectionString = new SqlConnectionStringBuilder(Server) { InitialCatalog = name }.ConnectionString;
        await Open(TimeProvider.System).MigrateAsync(CancellationToken.None);
    }

    public override IStorage Open(TimeProvider time) => new SqlServerStorage(ConnectionString);

    public override async ValueTask DisposeAsync()
    {
        if (_connectionString is null)
            return;
        var name = new SqlConnectionStringBuilder(_connectionString).InitialCatalog;
        await using var connection = new SqlConnection(Server);
        await connection.OpenAsync();
        await using var drop = new SqlCommand(
            $"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE {name}", connection);
        await drop.ExecuteNonQueryAsync();
    }
}
