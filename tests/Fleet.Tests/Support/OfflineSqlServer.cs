using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Fleet.Storage.Sql;
using Fleet.Storage.SqlServer;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Fleet.Tests.Support;

/// <summary>SQL Server without a server: what EF Core would send is kept, and answered with rows that are made up.</summary>
internal sealed class OfflineSqlServer : IStorage
{
    private readonly DbContextOptions<SqlServerDbContext> _options;
    private readonly OfflineSql _sql;
    private readonly SharedStatements _shared;

    public OfflineSqlServer()
    {
        _options = new DbContextOptionsBuilder<SqlServerDbContext>()
            .UseSqlServer("Server=nowhere").UseSchema(FleetSchema.Default)
            .AddInterceptors(new NoConnection(), new NoTransaction(), new Answers(this)).Options;
        _sql = new OfflineSql(this);
        _shared = new SharedStatements(_sql);
    }

    /// <summary>SQL → its parameters, as a procedure would declare them.</summary>
    public ConcurrentDictionary<string, string[]> Sent { get; } = new(StringComparer.Ordinal);

    /// <summary>Rows that each query finds: none or one, with a value in every column.</summary>
    public int Rows { get; set; } = 1;

    /// <summary>Rows that each change finds.</summary>
    public int Changed { get; set; } = 1;

    /// <summary>What stands in every column of numbers.</summary>
    public int Number { get; set; } = MadeUpReader.Ended;

    /// <summary>What stands in every column of text.</summary>
    public string Text { get; set; } = "{}";

    public IRunStatements Statements { get; } = new OfflineStatements();

    public IColdRunStatements ColdRuns => _shared.ColdRuns;

    public IGateStatements Gates => _shared.Gates;

    public IWorkerStatements Workers => _shared.Workers;

    public IJobStatements Jobs => _shared.Jobs;

    public ILaneStatements Lanes => _shared.Lanes;

    public IScheduleStatements Schedules => _shared.Schedules;

    public IRollupStatements Rollups => _shared.Rollups;

    public ILeaseStatements Leases => _shared.Leases;

    public EffectSql Effects { get; } = new SqlServerEffectSql();

    public FleetSchema Schema => FleetSchema.Default;

    public RunStates States => field ??= new RunStates(Rollups);

    public async Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        await using var session = Enlist(new OfflineTransaction(null));
        return await work(session);
    }

    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => new(default(IAsyncDisposable));

    public StorageSession Enlist(DbTransaction transaction) => new(transaction, _ => Read());

    public FleetDbContext Read() => new SqlServerDbContext(_options);

    public Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct) => Task.FromResult(new DatabaseSchema([], [], []));

    public Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct) =>
        _sql.ExecuteAsync(session, _sql.CreateTable(name, columns), ct);

    public Task MigrateAsync(CancellationToken ct) => Task.CompletedTask;

    public Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct) => Task.FromResult(Verbs.Noon);

    public bool IsOutage(Exception e) => false;

    public bool IsUnavailable(Exception e) => false;

    public bool IsConflict(Exception e) => false;

    private void Keep(string sql, IEnumerable<SqlParameter> parameters) =>
        Sent.TryAdd(sql, [.. parameters.Select(p => $"{p.ParameterName} {TypeOf(p)}")]);

    private MadeUpReader Answer(string sql) => new(IsAny(sql) ? 1 : Rows, Math.Max(1, sql.Split("OUTPUT ").Length - 1))
    {
        Text = Text,
        Truth = Rows > 0,
        // New rows answer with their place in the statement.
        Number = sql.Contains("MERGE", StringComparison.Ordinal) ? 0 : Number,
    };

    // Whether something is there is answered with a row either way.
    private static bool IsAny(string sql) =>
        sql.StartsWith("SELECT CASE", StringComparison.Ordinal) && sql.Contains("WHEN EXISTS", StringComparison.Ordinal);

    private static string TypeOf(SqlParameter parameter) => parameter.SqlDbType switch
    {
        SqlDbType.NVarChar or SqlDbType.VarBinary =>
            $"{parameter.SqlDbType}({(parameter.Size is > 0 and <= 4000 ? $"{parameter.Size}" : "max")})",
        SqlDbType.Binary => $"binary({parameter.Size})",
        var type => $"{type}",
    };

    private sealed class Answers(OfflineSqlServer server) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default)
        {
            var sql = command.CommandText;
            server.Keep(sql, command.Parameters.Cast<SqlParameter>());
            return ValueTask.FromResult(InterceptionResult<DbDataReader>.SuppressWithResult(server.Answer(sql)));
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            server.Keep(command.CommandText, command.Parameters.Cast<SqlParameter>());
            return ValueTask.FromResult(InterceptionResult<int>.SuppressWithResult(server.Changed));
        }
    }

    private sealed class OfflineSql(OfflineSqlServer server) : SqlServerPlainSql(FleetSchema.Default)
    {
        public override Task<int> ExecuteAsync(
            StorageSession session, string sql, CancellationToken ct, params (string Name, object? Value)[] parameters)
        {
            server.Keep(sql, Of(parameters));
            return Task.FromResult(server.Changed);
        }

        public override Task<IReadOnlyList<T>> QueryAsync<T>(
            StorageSession session, string sql, Func<DbDataReader, T> read, CancellationToken ct,
            params (string Name, object? Value)[] parameters)
        {
            server.Keep(sql, Of(parameters));
            var rows = server.Answer(sql);
            return Task.FromResult<IReadOnlyList<T>>(rows.Read() ? [read(rows)] : []);
        }

        private IEnumerable<SqlParameter> Of((string Name, object? Value)[] parameters) =>
            parameters.Select(p => (SqlParameter)Parameter(p.Name, p.Value));
    }

    private sealed class NoConnection : DbConnectionInterceptor
    {
        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result,
            CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(InterceptionResult.Suppress());
    }

    private sealed class NoTransaction : DbTransactionInterceptor
    {
        public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result,
            CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(InterceptionResult<DbTransaction>.SuppressWithResult(new OfflineTransaction(connection)));
    }

    private sealed class OfflineTransaction(DbConnection? connection) : DbTransaction
    {
        public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

        protected override DbConnection? DbConnection => connection;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
    }
}
