using System.Data.Common;
using System.Net.Sockets;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>A PostgreSQL database, shared by any number of processes.</summary>
public sealed class PostgresStorage : IStorage, IAsyncDisposable
{
    /// <summary>A hot statement has one plan, whatever its arrays hold: by index, from the first row on. Left to choose, the server plans small batches again each
    /// time, which takes longer than executing them, and reads a table to the end that was small when it last looked. With a bitmap it
    /// would read all batches to take the oldest, and what is deleted each time again: a plain scan of an index marks what the next one can skip.</summary>
    internal const string OnePlan = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off";

    private static readonly OpenContext NoContext = _ => throw new NotSupportedException("There is no transaction for EF Core to join.");

    private readonly PostgresRunStatements _statements = new();
    private readonly NpgsqlDataSource _source;
    // Fleet's own statements alone, which leave nothing behind: without the seven statements that make a connection new for the next user.
    private readonly NpgsqlDataSource _autocommit;
    private readonly OpenContext _open;
    // Not before they are needed: a worker never needs them. Pooled, because to make a context takes longer than most of its queries.
    private PooledDbContextFactory<PostgresDbContext>? _reading;
    private PooledDbContextFactory<PostgresDbContext>? _writing;

    /// <param name="connectionString">As Npgsql takes it.</param>
    public PostgresStorage(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        // ShouldSerialize tells whether the caller set it; ContainsKey, whether there is such a setting.
        // The hot statements are few and always the same: each connection plans them once.
        if (!builder.ShouldSerialize("Max Auto Prepare"))
            builder.MaxAutoPrepare = 50;
        if (!builder.ShouldSerialize("Application Name"))
            builder.ApplicationName = "fleet";
        _source = NpgsqlDataSource.Create(builder);
        builder.NoResetOnClose = true;
        _autocommit = new NpgsqlDataSourceBuilder(builder.ConnectionString).UsePhysicalConnectionInitializer(PlanOnce, PlanOnceAsync).Build();
        _open = OpenOnTransaction;
    }

    public IRunStatements Statements => _statements;

    public PlainSql Sql { get; } = new PostgresPlainSql();

    /// <summary>The migrations of this program, oldest first.</summary>
    internal static IReadOnlyList<string> Migrations { get; } = ["20261125015918_Initial", "20261125140048_ConsumerMessages", "20261126151106_Scheduling", "20261128015434_UnlistedRuns"];

    private PooledDbContextFactory<PostgresDbContext> Reading =>
        _reading ??= new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(_source).Options, FleetDbContext.MostPooled);

    private PooledDbContextFactory<PostgresDbContext> Writing =>
        _writing ??= new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql().Options, FleetDbContext.MostPooled);

    public async Task<T> WriteAsync<T>(Func<WriteScope, Task<T>> work, CancellationToken ct)
    {
        await using var connection = await _source.OpenConnectionAsync(ct);
        return await connection.WriteAsync(_open, work, ct);
    }

    public async Task<T> AutocommitAsync<T>(Func<WriteScope, Task<T>> work, CancellationToken ct)
    {
        await using var connection = await _autocommit.OpenConnectionAsync(ct);
        await using var none = new Autocommit(connection);
        return await work(new WriteScope(none, NoContext));
    }

    /// <summary>At once: writers are in each other's way only at the same row.</summary>
    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => new(default(IAsyncDisposable));

    public WriteScope Enlist(DbTransaction transaction) => new(_statements.Own(transaction), _open);

    public FleetDbContext Read() => Reading.CreateDbContext();

    public async Task PingAsync(CancellationToken ct)
    {
        await using var command = _source.CreateCommand("SELECT EXISTS (SELECT 1 FROM leases)");
        await command.ExecuteScalarAsync(ct);
    }

    public async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(ct);
            await using var exists = new NpgsqlCommand("""SELECT to_regclass('"__EFMigrationsHistory"') IS NOT NULL""", connection);
            var applied = new List<string>();
            if (await exists.ExecuteScalarAsync(ct) is true)
            {
                await using var history = new NpgsqlCommand("""SELECT "MigrationId" FROM "__EFMigrationsHistory" ORDER BY "MigrationId" """, connection);
                await using var reader = await history.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    applied.Add(reader.GetString(0));
            }

            return DatabaseSchema.Of(applied, Migrations);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            return DatabaseSchema.Of([], Migrations);
        }
    }

    public async Task<IReadOnlyList<RunId>> ReadWaitingAsync(string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct)
    {
        await AutocommitAsync(
            async scope =>
            {
                await _statements.ListBatchesAsync(scope.Transaction, lane, dueBefore, limit, ct);
                return true;
            },
            ct);
        await using var db = Reading.CreateDbContext();
        return await IStorage.ReadWaitingAsync(db.ListedPending, lane, dueBefore, limit, ct);
    }

    public async Task MigrateAsync(CancellationToken ct)
    {
        await using var db = Reading.CreateDbContext();
        await db.Database.MigrateAsync(ct);
    }

    public async Task<DateTimeOffset> GetClockAsync(WriteScope scope, CancellationToken ct)
    {
        // The setting is for what leader and workers do next: renew a lease.
        const string sql = $"SELECT clock_timestamp(), {PostgresRunStatements.EndWhenIdle}";
        var transaction = (NpgsqlTransaction)scope.Transaction;
        await using var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
    }

    public bool IsOutage(Exception e) => e switch
    {
        // Class 08: connection, 53: out of resources, 57P: shut down by somebody, 58: the system below.
        PostgresException p => p.SqlState.StartsWith("08", StringComparison.Ordinal) || p.SqlState.StartsWith("53", StringComparison.Ordinal)
            || p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState.StartsWith("58", StringComparison.Ordinal),
        NpgsqlException or SocketException or TimeoutException or OperationCanceledException => true,
        // EF wraps what the driver throws.
        DbUpdateException or InvalidOperationException when e.InnerException is { } inner => IsOutage(inner),
        _ => false,
    };

    public bool IsUnavailable(Exception e) => e.Chain().Any(inner => inner switch
    {
        PostgresException p => IsUnavailable(p.SqlState),
        NpgsqlException => true,
        _ => false,
    });

    public bool IsMissingTable(Exception e) => e is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    public bool IsConflict(Exception e) => e switch
    {
        PostgresException p => p.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject,
        DbUpdateConcurrencyException => true,
        DbUpdateException or InvalidOperationException when e.InnerException is { } inner => IsConflict(inner),
        _ => false,
    };

    public async ValueTask DisposeAsync()
    {
        await _autocommit.DisposeAsync();
        await _source.DisposeAsync();
    }

    // Class 08: connection, 53: out of resources, 57P: shut down by somebody, 58: the system below; 25006: read-only, as after a failover.
    private static bool IsUnavailable(string sqlState) => sqlState == "25006"
        || sqlState.StartsWith("08", StringComparison.Ordinal) || sqlState.StartsWith("53", StringComparison.Ordinal)
        || sqlState.StartsWith("57P", StringComparison.Ordinal) || sqlState.StartsWith("58", StringComparison.Ordinal);

    private static void PlanOnce(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(OnePlan, connection);
        command.ExecuteNonQuery();
    }

    private static async Task PlanOnceAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(OnePlan, connection);
        await command.ExecuteNonQueryAsync();
    }

    private PostgresDbContext OpenOnTransaction(DbTransaction transaction)
    {
        var db = Writing.CreateDbContext();
        db.Database.SetDbConnection(transaction.Connection);
        db.Database.UseTransaction(transaction);
        return db;
    }
}
