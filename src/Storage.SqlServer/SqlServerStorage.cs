using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Fleet.Storage.Sql;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Fleet.Storage.SqlServer;

/// <summary>A SQL Server database (2019 or newer, or Azure SQL), shared by any number of processes.</summary>
public sealed class SqlServerStorage : IStorage, IAsyncDisposable
{
    private const string CountOld =
        "SELECT COUNT(*) AS Value FROM sys.columns "
            + "WHERE object_id = OBJECT_ID(N'dbo.runs') AND name IN (N'lease_token', N'attempt_offset')";

    private readonly FleetSchema _schema;
    private readonly SqlServerRunStatements _statements;
    private readonly PlainSql _sql;
    private readonly SharedStatements _shared;
    private readonly string _connectionString;
    private readonly ConnectionGate _gate;
    private readonly SqlServerPool _pool;
    // Pooled, because to make a context takes longer than most of its queries.
    private readonly PooledDbContextFactory<SqlServerDbContext> _reading;
    private readonly PooledDbContextFactory<SqlServerDbContext> _writing;

    /// <param name="connectionString">As Microsoft.Data.SqlClient takes it.</param>
    /// <param name="time">The clock of pauses; null is the machine's.</param>
    /// <param name="schema">Where Fleet's tables stand; null is the schema <c>fleet</c>.</param>
    public SqlServerStorage(string connectionString, TimeProvider? time = null, FleetSchema? schema = null)
    {
        time ??= TimeProvider.System;
        _schema = schema ?? FleetSchema.Default;
        _statements = new SqlServerRunStatements(_schema);
        _sql = new SqlServerPlainSql(_schema);
        _shared = new SharedStatements(_sql);
        var builder = new SqlConnectionStringBuilder(connectionString);
        if (!builder.ShouldSerialize("Application Name"))
            builder.ApplicationName = "fleet";
        // The gate decides when to try again. The driver's own pause of up to a minute would outlast an outage.
        if (!builder.ShouldSerialize("Pool Blocking Period"))
            builder.PoolBlockingPeriod = PoolBlockingPeriod.NeverBlock;
        _connectionString = builder.ConnectionString;
        _gate = new ConnectionGate(time);
        // The server allows 32,767 connections; the driver's pool is what limits.
        Transactions = new TransactionGate(time, most: Math.Max(1, builder.MaxPoolSize - (2 * ConnectionShare.OfWorker)));
        _gate.OnRefused = Transactions.Refused;
        _pool = new SqlServerPool(builder.ConnectionString, _gate, time);
        _reading = new(
            new DbContextOptionsBuilder<SqlServerDbContext>()
                .UseSqlServer(builder.ConnectionString).UseSchema(_schema)
                .AddInterceptors(new ThroughTheGate(_pool)).Options,
            FleetDbContext.MaxPooled);
        _writing = new(
            new DbContextOptionsBuilder<SqlServerDbContext>().UseSqlServer().UseSchema(_schema).Options, FleetDbContext.MaxPooled);
    }

    public IRunStatements Statements => _statements;

    public TransactionGate Transactions { get; }

    public IColdRunStatements ColdRuns => _shared.ColdRuns;

    public IGateStatements Gates => _shared.Gates;

    public IWorkerStatements Workers => _shared.Workers;

    public IJobStatements Jobs => _shared.Jobs;

    public ILaneStatements Lanes => _shared.Lanes;

    public IScheduleStatements Schedules => _shared.Schedules;

    public IRollupStatements Rollups => _shared.Rollups;

    public ILeaseStatements Leases => _shared.Leases;

    public EffectSql Effects { get; } = new SqlServerEffectSql();

    public FleetSchema Schema => _schema;

    public RunStates States => field ??= new RunStates(Rollups);

    public async Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        var connection = await _pool.OpenAsync(ct);
        try
        {
            return await connection.WriteAsync(OpenOnTransaction, work, SqlServerErrors.MayBeCommitted, ct);
        }
        catch (Exception e) when (Observe(e))
        {
            throw;
        }
        finally
        {
            await _pool.CloseAsync(connection);
        }
    }

    /// <summary>At once: writers are in each other's way only at the same row.</summary>
    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => new(default(IAsyncDisposable));

    public StorageSession Enlist(DbTransaction transaction) => new(transaction.As<SqlTransaction>("SQL Server"), OpenOnTransaction);

    public FleetDbContext Read() => _reading.CreateDbContext();

    /// <remarks>READ_COMMITTED_SNAPSHOT covers one statement, and SNAPSHOT would have to be allowed by the database's owner. So what was
    /// read stays locked until the end; a reader that deadlocks with a writer because of that reads again.</remarks>
    public Task<T> ReadSnapshotAsync<T>(Func<FleetDbContext, Task<T>> read, CancellationToken ct) => this.RetryConflictsAsync(async () =>
    {
        await using var db = Read();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await read(db);
    });

    public async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct)
    {
        await using var db = Read();
        return await DatabaseSchema.ReadAsync(db, _schema, "dbo.runs", CountOld, ct);
    }

    public Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct) =>
        _sql.ExecuteAsync(session, _sql.CreateTable(name, columns), ct);

    public async Task MigrateAsync(CancellationToken ct)
    {
        if (!(await ReadSchemaAsync(ct)).MustMigrate())
            return;
        var options = new DbContextOptionsBuilder<SqlServerDbContext>()
            .UseSqlServer(_connectionString).UseMigrationsOf(_schema)
            .AddInterceptors(new ThroughTheGate(_pool));
        await using var db = new SqlServerDbContext(options.Options);
        try
        {
            await db.Database.MigrateAsync(ct);
        }
        catch (SqlException e) when (SqlServerErrors.IsMissingRight(e.Number))
        {
            throw new InvalidOperationException(DatabaseSchema.MayNotMigrate(_schema, e.Message), e);
        }
    }

    public async Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct) =>
        (await Statement.QueryAsync(session, SqlServerStatements.ReadClock, r => r.GetUtc(0), ct))[0];

    public DateTimeOffset GetClock(StorageSession session)
    {
        using var command = session.CreateCommand();
        command.CommandText = SqlServerStatements.ReadClock;
        return new DateTimeOffset((DateTime)command.ExecuteScalar()!, TimeSpan.Zero);
    }

    /// <remarks>The driver opens a connection with a few steps on the thread pool; once it is open, its calls need none.</remarks>
    public OwnConnection OpenOwn(TimeSpan limit)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(limit.TotalSeconds));
        var builder = new SqlConnectionStringBuilder(_connectionString)
        {
            Pooling = false,
            ConnectTimeout = 2 * seconds,
            CommandTimeout = seconds,
        };
        return new DriverConnection(() => new SqlConnection(builder.ConnectionString));
    }

    public async Task PingAsync(CancellationToken ct)
    {
        var connection = await _pool.OpenAsync(ct);
        try
        {
            await using var command = new SqlCommand(_schema.In(SqlServerStatements.Ping), connection);
            if (await command.ExecuteScalarAsync(ct) is "READ_WRITE")
                return;
            _pool.Clear();
            throw new DatabaseUnavailableException("database: it takes no writes (it is read-only, or a replica)", TimeSpan.FromSeconds(2));
        }
        finally
        {
            await _pool.CloseAsync(connection);
        }
    }

    public bool IsMissingTable(Exception e) => e is SqlException s && SqlServerErrors.IsMissingTable(s.Number);

    public bool IsAccessRefused(Exception e) =>
        e.Chain().OfType<SqlException>().Any(s => SqlServerErrors.IsAccessRefused(s.Number));

    public bool IsOutage(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case SqlException s:
                    return SqlServerErrors.IsOutage(s);
                case DbException or SocketException or TimeoutException or OperationCanceledException:
                // The driver's own: no connection came free in time, or the one in hand is broken.
                case InvalidOperationException { Source: "Microsoft.Data.SqlClient" }:
                    return true;
            }
        }

        return false;
    }

    public bool IsUnavailable(Exception e) => e.Chain().Any(inner => inner switch
    {
        DatabaseUnavailableException => true,
        SqlException s => SqlServerErrors.IsUnavailable(s.Number, s.Class),
        _ => false,
    });

    public bool IsConflict(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            if (inner is DbUpdateConcurrencyException)
                return true;
            if (inner is SqlException s)
                return SqlServerErrors.IsConflict(s.Number);
        }

        return false;
    }

    /// <summary>Closes connections that take no writes.</summary>
    /// <returns>False: looks at an error in passing.</returns>
    private bool Observe(Exception e)
    {
        if (e.Chain().Any(inner => inner is SqlException { Number: 3906 or 976 or 978 or 979 }))
            _pool.Clear();
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await Transactions.DisposeAsync();
        _gate.Dispose();
    }

    private SqlServerDbContext OpenOnTransaction(DbTransaction transaction)
    {
        var db = _writing.CreateDbContext();
        db.Database.SetDbConnection(transaction.Connection);
        db.Database.UseTransaction(transaction);
        return db;
    }
}
