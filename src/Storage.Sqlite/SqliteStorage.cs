using System.Data;
using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Storage.Sql;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Fleet.Storage.Sqlite;

/// <summary>One SQLite file: WAL, fully durable (every commit reaches the disk before it counts).</summary>
/// <remarks>SQLite has one writer at a time. Within a process all writes go through one connection and share commits
/// (<see cref="SharedCommits"/>); between processes the file's lock decides, with SQLite's own waiting.</remarks>
public sealed class SqliteStorage : IStorage, IAsyncDisposable
{
    private const string CountOld =
        "SELECT count(*) AS Value FROM pragma_table_info('runs') WHERE name IN ('lease_token', 'attempt_offset')";

    private readonly TimeProvider _time;
    private readonly PlainSql _sql = new SqlitePlainSql();
    private readonly SharedStatements _shared;
    // Pooled, because to make a context takes longer than most of its queries.
    private readonly PooledDbContextFactory<SqliteDbContext> _reading;
    private readonly PooledDbContextFactory<SqliteDbContext> _writing =
        new(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite().UseSchema(FleetSchema.Prefix).Options, FleetDbContext.MaxPooled);
    private readonly SqliteConnection _writer;
    private readonly SharedCommits _commits;
    private readonly WalCheckpoints _checkpoints;
    private readonly FileProbe _probe;

    /// <param name="connectionString">As Microsoft.Data.Sqlite takes it; needs <c>Data Source</c>.</param>
    /// <param name="time">The clock; with SQLite all processes share the machine's.</param>
    public SqliteStorage(string connectionString, TimeProvider time)
    {
        _time = time;
        _writer = new SqliteConnection(connectionString);
        _shared = new SharedStatements(_sql);
        Statements = new SqliteRunStatements(_writer);
        _reading = new(
            new DbContextOptionsBuilder<SqliteDbContext>()
                .UseSqlite(connectionString).UseSchema(FleetSchema.Prefix)
                .AddInterceptors(new SetPragmas()).Options,
            FleetDbContext.MaxPooled);
        _commits = new SharedCommits(OpenWriter, OpenOnTransaction);
        _checkpoints = new WalCheckpoints(connectionString, time);
        _probe = new FileProbe(connectionString);
    }

    public IRunStatements Statements { get; }

    public bool HasOneWriter => true;

    public string? File => new SqliteConnectionStringBuilder(_writer.ConnectionString).DataSource is { Length: > 0 } file ? file : null;

    public IColdRunStatements ColdRuns => _shared.ColdRuns;

    public IGateStatements Gates => _shared.Gates;

    public IWorkerStatements Workers => _shared.Workers;

    public IJobStatements Jobs => _shared.Jobs;

    public ILaneStatements Lanes => _shared.Lanes;

    public IScheduleStatements Schedules => _shared.Schedules;

    public IRollupStatements Rollups => _shared.Rollups;

    public ILeaseStatements Leases => _shared.Leases;

    public EffectSql Effects { get; } = new SqliteEffectSql();

    public FleetSchema Schema => FleetSchema.Prefix;

    public RunStates States => field ??= new RunStates(Rollups);

    public Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct) => _commits.AddAsync(work, ct);

    public async Task<T> ReadAsync<T>(Func<StorageSession, Task<T>> read, CancellationToken ct)
    {
        await using var db = Read();
        await db.Database.OpenConnectionAsync(ct);
        await using var session = new StorageSession(db.Database.GetDbConnection());
        return await read(session);
    }

    public async ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => await _commits.TakeTurnAsync(ct);

    public StorageSession Enlist(DbTransaction transaction) => new(transaction.As<SqliteTransaction>("SQLite"), OpenOnTransaction);

    public FleetDbContext Read() => _reading.CreateDbContext();

    public async Task<T> ReadSnapshotAsync<T>(Func<FleetDbContext, Task<T>> read, CancellationToken ct)
    {
        await using var db = Read();
        await db.Database.OpenConnectionAsync(ct);
        // Any other transaction would wait for the one write lock of the file.
        await using var transaction = ((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction(deferred: true);
        await db.Database.UseTransactionAsync(transaction, ct);
        return await read(db);
    }

    public Task PingAsync(CancellationToken ct) => Task.Run(_probe.Check, ct);

    public async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct)
    {
        await using var db = Read();
        return await DatabaseSchema.ReadAsync(db, FleetSchema.Prefix, "runs", CountOld, ct);
    }

    public Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct) =>
        _sql.ExecuteAsync(session, _sql.CreateTable(name, columns), ct);

    public async Task MigrateAsync(CancellationToken ct)
    {
        if (File is { } file && Path.GetDirectoryName(Path.GetFullPath(file)) is { } directory)
            Directory.CreateDirectory(directory);

        if (!(await ReadSchemaAsync(ct)).MustMigrate())
            return;
        await using var db = _reading.CreateDbContext();
        await db.Database.OpenConnectionAsync(ct);
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", ct);
        await db.Database.MigrateAsync(ct);
        await db.Database.CloseConnectionAsync();
    }

    public Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct) => Task.FromResult(_time.GetUtcNow());

    public OwnConnection OpenOwn(TimeSpan limit) => new AroundTheQueue(_commits, _writer.ConnectionString, limit);

    public bool IsOutage(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case SqliteException s:
                    return !SqliteErrors.IsData(s.SqliteErrorCode);
                case DbException or OperationCanceledException:
                    return true;
            }
        }

        return false;
    }

    public bool IsUnavailable(Exception e) => e.Chain().Any(inner => inner switch
    {
        DatabaseUnavailableException => true,
        SqliteException s => SqliteErrors.IsUnavailable(s.SqliteErrorCode),
        _ => false,
    });

    public bool IsMissingTable(Exception e) =>
        e is SqliteException { SqliteErrorCode: 1 } && e.Message.Contains("no such table", StringComparison.Ordinal);

    /// <summary>Never: a write transaction has the file to itself.</summary>
    public bool IsConflict(Exception e) => false;

    public async ValueTask DisposeAsync()
    {
        await _commits.DisposeAsync();
        await _checkpoints.DisposeAsync();
        await _writer.DisposeAsync();
        _probe.Dispose();
    }

    private SqliteConnection OpenWriter()
    {
        if (_writer.State != ConnectionState.Open)
        {
            _writer.Open();
            _probe.Open();
            SetPragmas.On(_writer);
            using var command = _writer.CreateCommand();
            // Room for the pages of a busy hour, and checkpoints left to WalCheckpoints unless the log grows beyond 128 MB.
            command.CommandText = "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 32000;";
            command.ExecuteNonQuery();
        }

        DatabaseFile.Check(_writer);
        return _writer;
    }

    private SqliteDbContext OpenOnTransaction(DbTransaction transaction)
    {
        var db = _writing.CreateDbContext();
        db.Database.SetDbConnection(transaction.Connection);
        db.Database.UseTransaction(transaction);
        return db;
    }

    private sealed class SetPragmas : DbConnectionInterceptor
    {
        public static void On(DbConnection connection)
        {
            using var command = connection.CreateCommand();
            // FULL is the compiled default, said here because a promise rests on it.
            command.CommandText = "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = ON;";
            command.ExecuteNonQuery();
        }

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => On(connection);

        public override Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            On(connection);
            return Task.CompletedTask;
        }
    }
}
