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
    /// <returns>What it may take, read in the same round trip; null if it is gone.</returns>
    Task<Standing?> RenewAsync(StorageSession session, LeaseRenewal renewal, CancellationToken ct);

    /// <summary>As <see cref="RenewAsync"/>, on the calling thread.</summary>
    Standing? Renew(StorageSession session, LeaseRenewal renewal);

    /// <summary>Asks a worker to take no new runs, or to take runs again, unless it is gone.</summary>
    /// <param name="session">A write transaction.</param>
    /// <param name="worker">The worker.</param>
    /// <param name="since">When it was asked; null: it takes runs again.</param>
    /// <param name="by">Who asked, as <c>Actor.ToRow</c> writes it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>False if it is gone or unknown.</returns>
    Task<bool> SetDrainAsync(
        StorageSession session, WorkerId worker, DateTimeOffset? since, string? by, string? reason, CancellationToken ct);

    /// <summary>Reads the running runs that are leased to a worker.</summary>
    Task<IReadOnlyList<HeldRun>> ReadHeldAsync(StorageSession session, WorkerId worker, CancellationToken ct);

    /// <summary>As <see cref="ReadHeldAsync"/>, on the calling thread.</summary>
    IReadOnlyList<HeldRun> ReadHeld(StorageSession session, WorkerId worker);
}
