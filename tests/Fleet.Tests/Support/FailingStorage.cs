using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;

namespace Fleet.Tests.Support;

/// <summary>A storage whose writes fail at their end, as the test says.</summary>
internal sealed class FailingStorage(IStorage inner) : IStorage
{
    /// <summary>Called when the work is done; what it throws undoes it.</summary>
    public Action? BeforeCommit { get; set; }

    /// <summary>Called when it is committed; what it throws is what the caller sees.</summary>
    public Action? AfterCommit { get; set; }

    public IRunStatements Statements => inner.Statements;

    public IColdRunStatements ColdRuns => inner.ColdRuns;

    public IGateStatements Gates => inner.Gates;

    public IWorkerStatements Workers => inner.Workers;

    public IJobStatements Jobs => inner.Jobs;

    public ILaneStatements Lanes => inner.Lanes;

    public IScheduleStatements Schedules => inner.Schedules;

    public IRollupStatements Rollups => inner.Rollups;

    public ILeaseStatements Leases => inner.Leases;

    public EffectSql Effects => inner.Effects;

    public FleetSchema Schema => inner.Schema;

    public RunStates States => inner.States;

    public async Task<T> WriteAsync<T>(Func<StorageSession, Task<T>> work, CancellationToken ct)
    {
        var result = await inner.WriteAsync(
            async session =>
            {
                var done = await work(session);
                BeforeCommit?.Invoke();
                return done;
            },
            ct);
        AfterCommit?.Invoke();
        return result;
    }

    public ValueTask<IAsyncDisposable?> TakeTurnAsync(CancellationToken ct) => inner.TakeTurnAsync(ct);

    public StorageSession Enlist(DbTransaction transaction) => inner.Enlist(transaction);

    public FleetDbContext Read() => inner.Read();

    public Task PingAsync(CancellationToken ct) => inner.PingAsync(ct);

    public Task<DatabaseSchema> ReadSchemaAsync(CancellationToken ct) => inner.ReadSchemaAsync(ct);

    public Task CreateTableAsync(StorageSession session, string name, string columns, CancellationToken ct) =>
        inner.CreateTableAsync(session, name, columns, ct);

    public Task MigrateAsync(CancellationToken ct) => inner.MigrateAsync(ct);

    public Task<DateTimeOffset> GetClockAsync(StorageSession session, CancellationToken ct) => inner.GetClockAsync(session, ct);

    public bool IsOutage(Exception e) => inner.IsOutage(e);

    public bool IsUnavailable(Exception e) => inner.IsUnavailable(e);

    public bool IsConflict(Exception e) => inner.IsConflict(e);
}
