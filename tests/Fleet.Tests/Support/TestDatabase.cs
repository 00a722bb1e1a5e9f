using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;

namespace Fleet.Tests.Support;

/// <summary>A database of one test, with Fleet's schema; goes away with it.</summary>
public abstract class TestDatabase : IAsyncDisposable
{
    /// <summary>Makes the database; skips the test where its server is missing.</summary>
    public abstract Task CreateAsync();

    /// <summary>Opens it as another process would: on connections of its own.</summary>
    public abstract IStorage Open(TimeProvider time);

    public abstract ValueTask DisposeAsync();
}

public sealed class SqliteDatabase : TestDatabase
{
    private readonly TempFolder _folder = new();

    public override async Task CreateAsync()
    {
        await using var storage = (SqliteStorage)Open(TimeProvider.System);
        await storage.MigrateAsync(CancellationToken.None);
    }

    public override IStorage Open(TimeProvider time) => new SqliteStorage($"Data Source={_folder.Path}/fleet.db;Pooling=False", time);

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class PostgresDatabase(PostgresServer server) : TestDatabase
{
    private string? _connectionString;

    public override async Task CreateAsync() => _connectionString = await server.CreateDatabaseAsync();

    public override IStorage Open(TimeProvider time) => new PostgresStorage(_connectionString + ";Pooling=true");

    public override async ValueTask DisposeAsync()
    {
        if (_connectionString is not null)
            await server.DropDatabaseAsync(_connectionString);
    }
}
