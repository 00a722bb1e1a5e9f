using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements on the hot path, hand-written per database. Each takes a batch and does it in as few round
/// trips as the database allows, in the given session: a transaction of Fleet's, one that a caller brought, or none.</summary>
/// <remarks>Every statement is guarded by the state it expects: docs/states.md is the list of what may happen.</remarks>
public interface IRunStatements
{
    /// <summary>– → Pending. A run whose idempotency key or occurrence exists already is not inserted.</summary>
    Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct);

    /// <summary>Pending → Running for each run that is due, under a fresh lease of the worker; attempt + 1.</summary>
    /// <param name="session">Where it is executed.</param>
    /// <param name="worker">For whom.</param>
    /// <param name="ids">The runs.</param>
    /// <param name="now">The start of the attempts.</param>
    /// <param name="passedGates">True if the runs have passed their gates. Otherwise those with a gate are left
    /// (<see cref="ClaimStatus.Gated"/>).</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <returns>One outcome per id, in order; all <see cref="ClaimOutcome.WorkerGone"/> when the worker was declared gone.</returns>
    Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(
        StorageSession session, WorkerId worker, IReadOnlyList<RunId> ids, DateTimeOffset now, bool passedGates, CancellationToken ct);

    /// <summary>Running → Succeeded where the lease token matches, together with the run's follow-ups and events.</summary>
    Task<IReadOnlyList<SettleOutcome>> CompleteAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct);

    /// <summary>Asks which runs these leases have completed, in transactions that somebody else committed.</summary>
    /// <returns>One answer per lease, in order; a run whose lease was lost is not completed by it.</returns>
    Task<IReadOnlyList<bool>> AreCompletedAsync(StorageSession session, IReadOnlyList<RunLease> leases, CancellationToken ct);

    /// <summary>Tells that a completion in a caller's transaction was committed.</summary>
    void Committed(RunLease lease)
    {
    }

    /// <summary>Running → Pending, Failed or Canceled where the lease token matches; writes the attempt's row.</summary>
    Task<IReadOnlyList<SettleOutcome>> EndAttemptAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, CancellationToken ct);

    /// <summary>Running runs whose worker is <see cref="WorkerState.Gone"/>, locked until the commit.</summary>
    Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct);

    /// <summary>Running → what <c>RescueRuns</c> decided, for runs that this transaction has locked. Writes the attempts' rows. The
    /// runs are due at <paramref name="now"/>, or now by the database's clock where that is earlier.</summary>
    Task RescueAsync(StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct);

    /// <summary>Pending runs that are not staged and due until the given instant, in due order.</summary>
    /// <param name="session">Where it is executed.</param>
    /// <param name="until">The latest due time.</param>
    /// <param name="limit">The most runs.</param>
    /// <param name="leftOut">Lanes whose runs are not read, so that they do not stand before those of the others.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct);

    /// <summary>Marks runs as staged, unless they changed since they were read.</summary>
    Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct);

    /// <summary>Deletes runs that ended before an instant, about the oldest first, with their attempts, replays and logs. The state is
    /// compared in the deletion itself: a run that is replayed meanwhile stays.</summary>
    /// <param name="session">Where it is executed.</param>
    /// <param name="succeeded">True for succeeded runs, false for failed and canceled ones and for what is left of deleted
    /// ones.</param>
    /// <param name="from">Where the deletion before this one ended (<see cref="PrunedRuns.Last"/>): what lies before it is not looked at
    /// again.</param>
    /// <param name="before">The instant.</param>
    /// <param name="limit">The most runs.</param>
    /// <param name="ct">Cancels the statement.</param>
    Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>Deletes inbox entries that were received before an instant.</summary>
    /// <returns>How many; as many as the limit when there may be more.</returns>
    Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct);

    /// <summary>Deletes workers that are gone and whose last heartbeat was before an instant, but none of whom a run is left: RescueRuns
    /// finds it by its worker. With them goes what a provider keeps about work that has ended.</summary>
    Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct);

    /// <summary>Locks the leadership row until the commit.</summary>
    /// <returns>False when the term has moved on.</returns>
    Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct);
}
