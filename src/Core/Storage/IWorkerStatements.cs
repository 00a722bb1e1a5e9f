using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements about workers: their rows, their leases, and the runs that they hold.</summary>
/// <remarks>A worker executes them at its start and with every heartbeat, so they do without EF Core (docs/adr/0010). The heartbeat must
/// get through while handlers block the thread pool, so its statements also exist in a form that stays on the calling thread.</remarks>
public interface IWorkerStatements
{
    /// <summary>Adds a worker.</summary>
    Task AddAsync(StorageSession session, WorkerRow worker, CancellationToken ct);

    /// <summary>Sets state and lanes of a worker, unless it is gone.</summary>
    Task SetStateAsync(StorageSession session, WorkerId worker, WorkerState state, string lanes, CancellationToken ct);

    /// <summary>Renews the lease of a worker, unless it is gone.</summary>
    /// <returns>False if it is gone.</returns>
    Task<bool> RenewAsync(StorageSession session, LeaseRenewal renewal, CancellationToken ct);

    /// <summary>As <see cref="RenewAsync"/>, on the calling thread.</summary>
    bool Renew(StorageSession session, LeaseRenewal renewal);

    /// <summary>Reads the running runs that are leased to a worker.</summary>
    Task<IReadOnlyList<HeldRun>> ReadHeldAsync(StorageSession session, WorkerId worker, CancellationToken ct);

    /// <summary>As <see cref="ReadHeldAsync"/>, on the calling thread.</summary>
    IReadOnlyList<HeldRun> ReadHeld(StorageSession session, WorkerId worker);
}
