using System.Data.Common;
using Fleet.Core.Effects;
using Fleet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>A storage whose writes of one kind wait while the gate is closed; heartbeats and leases go through.</summary>
/// <typeparam name="TResult">What these writes return.</typeparam>
internal sealed class StorageGate<TResult> : IDisposable
{
    private volatile TaskCompletionSource _open = new();
    private readonly Tally _arrivals = new();

    public StorageGate() => Dispose();

    /// <summary>Waits until a write has come to the closed gate; fails the test after 30 s.</summary>
    public Task ArrivedAsync() => _arrivals.ReachesAsync(1);

    /// <returns>Opens the gate when disposed, also when the test fails: the storage could not be stopped otherwise.</returns>
    public StorageGate<TResult> Close()
    {
        _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return this;
    }

    public void Dispose() => _open.TrySetResult();

    /// <summary>Opens the gate; what waits before it fails.</summary>
    public void Fail() => _open.TrySetException(new IOException("The database has gone."));

    public void AddTo(IServiceCollection services)
    {
        var real = services.Last(s => s.ServiceType == typeof(IStorage));
        services.AddSingleton<IStorage>(provider => new Gated((IStorage)real.ImplementationFactory!(provider), this));
    }

    private sealed class Gated(IStorage inner, StorageGate<TResult> gate) : IStorage, IAsyncDisposable
    {
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
            var open = gate._open.Task;
            if (!open.IsCompleted && typeof(T) == typeof(TResult))
            {
                gate._arrivals.Add();
                await open;
            }

            return await inner.WriteAsync(work, ct);
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

        public ValueTask DisposeAsync() => ((IAsyncDisposable)inner).DisposeAsync();
    }
}
