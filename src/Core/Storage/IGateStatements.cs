using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements of the gates: they lock a key, and ask about the runs that share it.</summary>
/// <remarks>Workers execute them, so they do without EF Core (docs/adr/0010). What a gate decides stands in Core; a database only finds
/// runs by their state in its own way (docs/adr/0014).</remarks>
public interface IGateStatements
{
    /// <summary>Locks the turns of a schedule until the transaction ends.</summary>
    Task LockScheduleAsync(StorageSession session, string schedule, CancellationToken ct);

    /// <summary>Locks the runs on their last chance of a worker until the transaction ends.</summary>
    Task LockWorkerAsync(StorageSession session, WorkerId worker, CancellationToken ct);

    /// <summary>Finds the run on its last chance (<see cref="PendingRun.IsOnLastChance"/>) that a worker executes; null if there is
    /// none.</summary>
    Task<RunId?> FindLastChanceAsync(StorageSession session, WorkerId worker, CancellationToken ct);

    /// <summary>Finds the other runs of a pending run's schedule that are due or have started, and have not ended. Of a backfill's runs
    /// only one that is running: the others come after all live ones.</summary>
    /// <param name="session">Where it is executed.</param>
    /// <param name="run">The pending run.</param>
    /// <param name="now">The time.</param>
    /// <param name="most">The most runs; those that are running or come before it are the first.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<IReadOnlyList<OverlappingRun>> FindOverlappingAsync(
        StorageSession session, RunId run, DateTimeOffset now, int most, CancellationToken ct);

    /// <summary>True if another run of its schedule comes before a pending run of a backfill. It does not say which: thousands of a
    /// backfill's runs may wait.</summary>
    Task<bool> IsAnyBeforeBackfillAsync(StorageSession session, RunId run, DateTimeOffset now, CancellationToken ct);

    /// <summary>Finds the run whose turn comes when a run has ended: live runs before those of a backfill.</summary>
    /// <returns>The run and its lane; null if none waits.</returns>
    Task<(RunId Id, string Lane)?> FindNextAsync(StorageSession session, RunId ended, DateTimeOffset now, CancellationToken ct);

    /// <summary>Pending → Canceled. A run in another state stays as it is.</summary>
    Task CancelPendingAsync(
        StorageSession session, RunId run, CancelCause cause, string reason, Actor by, DateTimeOffset now, CancellationToken ct);

    /// <summary>Asks a running run to stop, unless it was asked before.</summary>
    Task RequestCancelAsync(
        StorageSession session, RunId run, CancelCause cause, string reason, Actor by, DateTimeOffset now, CancellationToken ct);
}
