using System.Data.Common;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Storage.Sql;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>A PostgreSQL database, shared by any number of processes.</summary>
public sealed class PostgresStorage : IStorage, IAsyncDisposable
{
    /// <summary>A hot statement has one plan, whatever its arrays hold: by index, from the first row on. Left to choose, the server plans
    /// small batches again each time, which takes longer than executing them, and reads a table to the end that was small when it last
    /// looked. With a bitmap it would read all pending sets to take the oldest, and what is deleted each time again: a plain scan
    /// of an index marks what the next one can skip. Without sequential scans, a small table that has no index looks so expensive that the
    /// server would compile the statement each time.</summary>
    internal const string OnePlan =
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";

    /// <summary>PostgreSQL looks for a table first in the schema that is called as the role. A role called as Fleet's schema would find
    /// Fleet's tables where the application means its own, and would create its own among them: in this database it looks in
    /// <c>public</c>, unless it has a path of its own.</summary>
    private const string KeepOut = """
        DO $$ BEGIN
            IF current_user = 'fleet' AND current_setting('search_path') = '"$user", public' THEN
                EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET search_path = public', current_database());
            END IF;
        END $$
        """;

    private readonly FleetSchema _schema;
    private readonly PostgresRunStatements _statements;
    private readonly PlainSql _sql;
    private readonly SharedStatements _shared;
    private readonly string _connectionString;
    private readonly ConnectionGate _gate;
    private readonly PostgresPool _pool;
    // Fleet's own statements alone, which leave nothing behind: without the seven statements that make a connection new for the next user.
    private readonly PostgresPool _autocommit;
    // Statements of users stand in the transactions of these alone: nothing that one of them leaves behind reaches Fleet's other work.
    private readonly PostgresPool _effects;
    // Code of handlers, which may leave anything behind.
    private readonly PostgresPool _handlers;
    private readonly CompleteAfterWork _completeAfterWork;
    private readonly OpenContext _open;
    // Not before they are needed: a worker never needs them. Pooled, because to make a context takes longer than most of its queries.
    private PooledDbContextFactory<PostgresDbContext>? _reading;
    private PooledDbContextFactory<PostgresDbContext>? _writing;

    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <param name="time">The clock of pauses; null is the machine's.</param>
    /// <param name="schema">Where Fleet's tables stand; null is the schema <c>fleet</c>.</param>
    /// <exception cref="InvalidOperationException">It names servers that take no writes.</exception>
    public PostgresStorage(string connectionString, TimeProvider? time = null, FleetSchema? schema = null)
    {
        time ??= TimeProvider.System;
        _schema = schema ?? FleetSchema.Default;
        _statements = new PostgresRunStatements(_schema);
        _sql = new PostgresPlainSql(_schema);
        _shared = new SharedStatements(_sql);
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        // ShouldSerialize tells whether the caller set it; ContainsKey, whether there is such a setting.
        // The hot statements are few and always the same: each connection plans them once.
        if (!builder.ShouldSerialize("Max Auto Prepare"))
            builder.MaxAutoPrepare = 50;
        if (!builder.ShouldSerialize("Application Name"))
            builder.ApplicationName = "fleet";
        // What a burst of work opened is given back soon. For the driver's five minutes, idle connections of one process would keep the
        // others out.
        if (!builder.ShouldSerialize("Connection Idle Lifetime"))
            builder.ConnectionIdleLifetime = 15;
        if (!builder.ShouldSerialize("Connection Pruning Interval"))
            builder.ConnectionPruningInterval = 5;
        // An error tells which of the effects of many runs failed.
        builder.IncludeFailedBatchedCommand = true;
        // That of a data source lacks the password.
        _connectionString = builder.ConnectionString;
        _gate = new ConnectionGate(time);
        Transactions = new TransactionGate(time, ReadRoomAsync, Math.Max(1, builder.MaxPoolSize - ConnectionShare.OfWorker))
        {
            OnLess = ClearPools,
        };
        _gate.OnRefused = Transactions.Refused;
        _pool = new PostgresPool(PostgresServers.Build(builder, _ => { }), _gate, time);
        _effects = new PostgresPool(PostgresServers.Build(builder, _ => { }), _gate, time);
        builder.NoResetOnClose = true;
        _handlers = new PostgresPool(PostgresServers.Build(builder, _ => { }), _gate, time);
        _completeAfterWork = new CompleteAfterWork(new UserConnections(_handlers), _statements);
        _autocommit = new PostgresPool(
            PostgresServers.Build(builder, source => source.UsePhysicalConnectionInitializer(PlanOnce, PlanOnceAsync)),
            _gate, time);
        _open = OpenOnTransaction;
        Messages = new PostgresMessages(_statements, _schema);
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

    public EffectSql Effects { get; } = new PostgresEffectSql();

    public FleetSchema Schema => _schema;

    public RunStates States => field ??= new PostgresRunStates(Rollups);

    public IMessageStatements Messages { get; }

    /// <summary>The migrations of this program, oldest first.</summary>
    internal static IReadOnlyList<string> Migrations { get; } = ["20261130000000_Initial"];

    private PooledDbContextFactory<PostgresDbContext> Reading =>
        _reading ??= new(
            new DbContextOptionsBuilder<PostgresDbContext>()
                .UseNpgsql(_pool.Source).UseSchema(_schema)
                .AddInterceptors(new ThroughTheGate(_pool)).Options,
            FleetDbContext.MaxPooled);

    private PooledDbContextFactory<PostgresDbContext> Writing =>
        _writing ??= new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql().UseSchema(_schema).Options, FleetDbContext.MaxPooled);

    public async Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        var connection = await _pool.OpenAsync(ct);
        try
        {
            return await connection.WriteAsync(_open, work, PostgresErrors.MayBeCommitted, ct);
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

    public async Task<T> AutocommitAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        var connection = await _autocommit.OpenAsync(ct);
        try
        {
            await using var session = new StorageSession(connection);
            return await work(session);
        }
        catch (Exception e) when (!Observe(e) && PostgresErrors.MayBeCommitted(e))
        {
            throw new OutcomeUnknownException(e);
        }
        finally
        {
            await _autocommit.CloseAsync(connection);
        }
    }

    public async Task<IReadOnlyList<EffectOutcome>> ApplyEffectsAsync(
        IReadOnlyList<Completion> completions, bool checksEach, TimeSpan limit, CancellationToken ct)
    {
        var connection = await _effects.OpenAsync(ct);
        try
        {
            // Sent with the first statement.
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await using var shared = new SharedEffects(transaction);
            var outcomes = await shared.ApplyAsync(_statements, Effects, completions, checksEach, limit, ct);
            _statements.Settled(completions, outcomes);
            return outcomes;
        }
        catch (Exception e) when (Observe(e))
        {
            throw;
        }
        finally
        {
            await _effects.CloseAsync(connection);
        }
    }

    public async Task CompleteAfterAsync(
        Func<DbTransaction, CancellationToken, Task> work, Func<Completion> completion, CancellationToken ct)
    {
        Completion? made = null;
        PostgresException? refused;
        using (var pass = await Transactions.EnterAsync(ct))
        {
            try
            {
                refused = await _completeAfterWork.ExecuteAsync(work, () => made = completion(), pass, ct);
            }
            catch (Exception e) when (Observe(e))
            {
                throw;
            }
        }

        if (refused is null)
            return;
        if (await AutocommitAsync(session => _statements.FindRefusalAsync(session, made!, ct), ct) is not { } why)
            ExceptionDispatchInfo.Throw(refused);
        else
            why.ThrowUnlessSettled(made!.Id);
    }

    /// <remarks>On a connection that is not reset, as Fleet's own statements leave nothing behind.</remarks>
    public async Task<IReadOnlyList<EnqueueOutcome>> WriteMessagesAsync(Func<StorageSession, Task<MessageWrite>> work, CancellationToken ct)
    {
        await using var transaction = await BeginAsync(_autocommit, pass: null, ct);
        try
        {
            var write = await work(transaction.Session);
            try
            {
                return await transaction.CommitAsync(write);
            }
            catch (Exception e) when (PostgresErrors.MayBeCommitted(e))
            {
                throw new OutcomeUnknownException(e);
            }
        }
        catch (Exception e) when (Observe(e))
        {
            throw;
        }
    }

    public async ValueTask<OpenTransaction> BeginAsync(CancellationToken ct)
    {
        var pass = await Transactions.EnterAsync(ct);
        try
        {
            return await BeginAsync(_pool, pass, ct);
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    /// <summary>At once: writers are in each other's way only at the same row.</summary>
    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => new(default(IAsyncDisposable));

    public StorageSession Enlist(DbTransaction transaction) => new(transaction.As<NpgsqlTransaction>("PostgreSQL"), _open);

    public FleetDbContext Read() => Reading.CreateDbContext();

    public async Task PingAsync(CancellationToken ct)
    {
        const string sql =
            "SELECT EXISTS (SELECT 1 FROM fleet.leases), current_setting('transaction_read_only') = 'on', pg_is_in_recovery()";
        var connection = await _pool.OpenAsync(ct);
        try
        {
            await using var command = new NpgsqlCommand(_schema.In(sql), connection);
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            if (!reader.GetBoolean(1))
                return;
            ClearPools();
            var why = reader.GetBoolean(2) ? "the server is a standby" : "default_transaction_read_only is on";
            throw new DatabaseUnavailableException($"database: it takes no writes ({why})", TimeSpan.FromSeconds(2));
        }
        finally
        {
            await _pool.CloseAsync(connection);
        }
    }

    public async Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct)
    {
        NpgsqlConnection connection;
        try
        {
            connection = await _pool.OpenAsync(ct);
        }
        catch (DatabaseUnavailableException e)
            when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName })
        {
            return DatabaseSchema.Of(_schema, [], Migrations);
        }

        try
        {
            var (schema, process) = await new ReadSchema(_schema).ExecuteAsync(connection, Migrations, ct);
            // The driver was told another process when it connected: a pooler stands in between.
            if (process != connection.ProcessID)
                await PostgresServers.RefuseSharedConnectionsAsync(_pool.Source, ct);
            return schema;
        }
        finally
        {
            await _pool.CloseAsync(connection);
        }
    }

    public async Task<IReadOnlyList<WaitingRun>> ReadWaitingAsync(string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct)
    {
        await AutocommitAsync(
            async session =>
            {
                await _statements.IndexPendingSetsAsync(session, lane, dueBefore, limit, ct);
                return true;
            },
            ct);
        await using var db = Reading.CreateDbContext();
        return await IStorage.ReadWaitingAsync(db.IndexedPending, lane, dueBefore, limit, ct);
    }

    public Task<(int Count, bool IsExact)> CountDueBeforeAsync(
        string lane, DateTimeOffset before, int most, CancellationToken ct) =>
        AutocommitAsync(session => _statements.CountDueBeforeAsync(session, lane, before, most, ct), ct);

    public Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct) =>
        _sql.ExecuteAsync(session, _sql.CreateTable(name, columns), ct);

    public async Task MigrateAsync(CancellationToken ct)
    {
        if (!(await ReadSchemaAsync(ct)).MustMigrate())
            return;
        var options = new DbContextOptionsBuilder<PostgresDbContext>()
            .UseNpgsql(_pool.Source).UseMigrationsOf(_schema)
            .AddInterceptors(new ThroughTheGate(_pool));
        await using var db = new PostgresDbContext(options.Options);
        try
        {
            await db.Database.MigrateAsync(ct);
            await db.Database.ExecuteSqlRawAsync(_schema.In(KeepOut), ct);
            // A connection keeps the path that it started with.
            ClearPools();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new InvalidOperationException(DatabaseSchema.MayNotMigrate(_schema, e.MessageText), e);
        }
    }

    public async Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct)
    {
        await using var command = ReadClock(session);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
    }

    public DateTimeOffset GetClock(StorageSession session)
    {
        using var command = ReadClock(session);
        return new DateTimeOffset((DateTime)command.ExecuteScalar()!, TimeSpan.Zero);
    }

    /// <remarks>Past the gate: whose lease is not renewed loses its runs, which makes an overload worse. It is one connection for each
    /// process.</remarks>
    public OwnConnection OpenOwn(TimeSpan limit)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(limit.TotalSeconds));
        var source = PostgresServers.Build(
            new NpgsqlConnectionStringBuilder(_connectionString)
            {
                Pooling = false,
                // A server with much to do may need longer to fork than to answer.
                Timeout = 2 * seconds,
                CommandTimeout = seconds,
                // Not waited for: a server that did not answer the command does not answer its cancellation either.
                CancellationTimeout = -1,
                // Its few statements are not worth the memory on the server.
                MaxAutoPrepare = 0,
            },
            _ => { });
        return new DriverConnection(source.CreateConnection, source);
    }

    public bool IsAccessRefused(Exception e) =>
        e.Chain().OfType<PostgresException>().Any(p => PostgresErrors.IsAccessRefused(p.SqlState));

    public bool IsOutage(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            switch (inner)
            {
                case PostgresException p:
                    return PostgresErrors.Of(p.SqlState) == PostgresFault.Outage;
                case DbException or SocketException or TimeoutException or OperationCanceledException:
                // The driver's own: the connection in hand is broken.
                case InvalidOperationException { Source: "Npgsql" }:
                    return true;
            }
        }

        return false;
    }

    public bool IsUnavailable(Exception e) => e.Chain().Any(inner => inner switch
    {
        DatabaseUnavailableException => true,
        NpgsqlException n => PostgresErrors.IsUnavailable(n),
        _ => false,
    });

    public bool IsMissingTable(Exception e) => e is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    public bool IsConflict(Exception e)
    {
        foreach (var inner in e.Chain())
        {
            if (inner is DbUpdateConcurrencyException)
                return true;
            if (inner is PostgresException p)
                return PostgresErrors.Of(p.SqlState) == PostgresFault.Conflict;
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await Transactions.DisposeAsync();
        await _autocommit.DisposeAsync();
        await _effects.DisposeAsync();
        await _handlers.DisposeAsync();
        await _pool.DisposeAsync();
        _gate.Dispose();
    }

    private Task<ConnectionRoom?> ReadRoomAsync(CancellationToken ct) => AutocommitAsync(
        async session =>
        {
            var rooms = await _sql.QueryAsync(
                session, PostgresServers.Room, r => new ConnectionRoom(r.GetInt32(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3)), ct);
            return (ConnectionRoom?)rooms[0];
        },
        ct);

    /// <summary>Closes connections that take no writes.</summary>
    /// <returns>False: looks at an error in passing.</returns>
    private bool Observe(Exception e)
    {
        if (e.Chain().Any(inner => inner is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction }))
            ClearPools();
        return false;
    }

    private void ClearPools()
    {
        _pool.Clear();
        _autocommit.Clear();
        _effects.Clear();
        _handlers.Clear();
    }

    private static async Task<(bool HasHistory, int Process)> FindHistoryAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """SELECT to_regclass('"__EFMigrationsHistory"') IS NOT NULL, pg_backend_pid()""", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetBoolean(0), reader.GetInt32(1));
    }

    private static async Task<List<string>> ReadMigrationsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var history = new NpgsqlCommand(
            """SELECT "MigrationId" FROM "__EFMigrationsHistory" ORDER BY "MigrationId" """, connection);
        await using var reader = await history.ExecuteReaderAsync(ct);
        var applied = new List<string>();
        while (await reader.ReadAsync(ct))
            applied.Add(reader.GetString(0));
        return applied;
    }

    private static NpgsqlCommand ReadClock(StorageSession session)
    {
        // The setting is for what leader and workers do next: renew a lease.
        const string sql = $"SELECT clock_timestamp(), {PostgresRunStatements.EndWhenIdle}";
        return new NpgsqlCommand(sql, (NpgsqlConnection)session.Connection);
    }

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

    private async Task<PostgresTransaction> BeginAsync(PostgresPool pool, TransactionPass? pass, CancellationToken ct)
    {
        var connection = await pool.OpenAsync(ct);
        try
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            return new PostgresTransaction(pool, connection, transaction, new StorageSession(transaction, _open), Messages, pass);
        }
        catch
        {
            await pool.CloseAsync(connection);
            throw;
        }
    }

    private PostgresDbContext OpenOnTransaction(DbTransaction transaction)
    {
        var db = Writing.CreateDbContext();
        db.Database.SetDbConnection(transaction.Connection);
        db.Database.UseTransaction(transaction);
        return db;
    }
}
