using System.Data.Common;
using System.Net.Sockets;
using Fleet.Core.Storage;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Fleet.Storage.SqlServer;

/// <summary>A SQL Server database (2019 or newer, or Azure SQL), shared by any number of processes.</summary>
public sealed class SqlServerStorage : IStorage
{
    private readonly SqlServerRunStatements _statements = new();
    private readonly string _connectionString;
    // Pooled, because to make a context takes longer than most of its queries.
    private readonly PooledDbContextFactory<SqlServerDbContext> _reading;
    private readonly PooledDbContextFactory<SqlServerDbContext> _writing =
        new(new DbContextOptionsBuilder<SqlServerDbContext>().UseSqlServer().Options, FleetDbContext.MostPooled);

    /// <param name="connectionString">As Microsoft.Data.SqlClient takes it.</param>
    public SqlServerStorage(string connectionString)
    {
        var builder = new SqlConnectionStringBuilder(connectionString);
        if (!builder.ShouldSerialize("Application Name"))
            builder.ApplicationName = "fleet";
        _connectionString = builder.ConnectionString;
        _reading = new(new DbContextOptionsBuilder<SqlServerDbContext>().UseSqlServer(_connectionString).Options, FleetDbContext.MostPooled);
    }

    public IRunStatements Statements => _statements;

    public PlainSql Sql { get; } = new SqlServerPlainSql();

    public async Task<T> WriteAsync<T>(Func<WriteScope, Task<T>> work, CancellationToken ct)
    {
        await using var connection = new SqlConnection(_connectionString);
        await connection.OpenAsync(ct);
        return await connection.WriteAsync(OpenOnTransaction, work, ct);
    }

    /// <summary>At once: writers are in each other's way only at the same row.</summary>
    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => new(default(IAsyncDisposable));

    public WriteScope Enlist(DbTransaction transaction) => new(_statements.Own(transaction), OpenOnTransaction);

    public FleetDbContext Read() => _reading.CreateDbContext();

    public async Task MigrateAsync(CancellationToken ct)
    {
        await using var db = _reading.CreateDbContext();
        await db.Database.MigrateAsync(ct);
    }

    public async Task<DateTimeOffset> GetClockAsync(WriteScope scope, CancellationToken ct) =>
        (await Statement.QueryAsync(_statements.Own(scope.Transaction), SqlServerStatements.ReadClock, r => r.GetUtc(0), ct))[0];

    public bool IsOutage(Exception e) => e switch
    {
        SqlException s => SqlServerErrors.IsOutage(s),
        SocketException or TimeoutException or OperationCanceledException => true,
        // EF wraps what the driver throws.
        DbUpdateException or InvalidOperationException when e.InnerException is { } inner => IsOutage(inner),
        // The driver's own: no connection came free in time, or the one in hand is broken.
        InvalidOperationException { Source: "Microsoft.Data.SqlClient" } => true,
        _ => false,
    };

    public bool IsUnavailable(Exception e) => e.Chain().Any(inner => inner is SqlException s && SqlServerErrors.IsOutage(s));

    public bool IsMissingTable(Exception e) => e is SqlException s && SqlServerErrors.IsMissingTable(s.Number);

    public bool IsConflict(Exception e) => e switch
    {
        SqlException s => SqlServerErrors.IsConflict(s.Number),
        DbUpdateConcurrencyException => true,
        DbUpdateException or InvalidOperationException when e.InnerException is { } inner => IsConflict(inner),
        _ => false,
    };

    private SqlServerDbContext OpenOnTransaction(DbTransaction transaction)
    {
        var db = _writing.CreateDbContext();
        db.Database.SetDbConnection(transaction.Connection);
        db.Database.UseTransaction(transaction);
        return db;
    }
}
