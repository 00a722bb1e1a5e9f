using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Support;

/// <summary>Hot statements that always succeed, so that a verb goes on to its queries. One run is orphaned, on its last chance.</summary>
internal sealed class OfflineStatements : IRunStatements
{
    /// <summary>What becomes of every completion.</summary>
    public SettleOutcome Completed { get; set; } = SettleOutcome.Settled;

    public Task<IReadOnlyList<EnqueueOutcome>> InsertAsync(StorageSession session, IReadOnlyList<NewRun> runs, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<EnqueueOutcome>>([.. runs.Select(r => new EnqueueOutcome(EnqueueStatus.Inserted, r.Id))]);

    public Task<IReadOnlyList<ClaimOutcome>> ClaimAsync(
        StorageSession session, WorkerId worker, IReadOnlyList<RunId> ids, DateTimeOffset now, bool passedGates, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<ClaimOutcome>>([.. ids.Select(_ => ClaimOutcome.Duplicate)]);

    public Task<IReadOnlyList<SettleOutcome>> CompleteAsync(
        StorageSession session, IReadOnlyList<Completion> completions, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<SettleOutcome>>([.. completions.Select(_ => Completed)]);

    public Task<IReadOnlyList<bool>> AreCompletedAsync(StorageSession session, IReadOnlyList<RunLease> leases, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<bool>>([.. leases.Select(_ => Completed == SettleOutcome.AlreadyCompleted)]);

    public Task<IReadOnlyList<SettleOutcome>> EndAttemptAsync(
        StorageSession session, IReadOnlyList<AttemptEnd> ends, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<SettleOutcome>>([.. ends.Select(_ => SettleOutcome.Settled)]);

    public Task<IReadOnlyList<OrphanedRun>> LockOrphansAsync(StorageSession session, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<OrphanedRun>>(
            [new(RunId.New(Verbs.Noon), null, 1, RescuedRun.CrashCap - 1, IsCancelRequested: false)]);

    public Task RescueAsync(StorageSession session, IReadOnlyList<RescuedRun> runs, DateTimeOffset now, CancellationToken ct) =>
        Task.CompletedTask;

    public Task<IReadOnlyList<StageableRun>> ReadUnstagedAsync(
        StorageSession session, DateTimeOffset until, int limit, IReadOnlyList<string> leftOut, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<StageableRun>>([]);

    public Task MarkStagedAsync(StorageSession session, IReadOnlyList<StageableRun> runs, CancellationToken ct) => Task.CompletedTask;

    public Task<PrunedRuns> DeleteEndedAsync(
        StorageSession session, bool succeeded, DateTimeOffset from, DateTimeOffset before, int limit,
        CancellationToken ct) => Task.FromResult(default(PrunedRuns));

    public Task<int> DeleteInboxAsync(StorageSession session, DateTimeOffset before, int limit, CancellationToken ct) => Task.FromResult(0);

    public Task DeleteLeftOversAsync(StorageSession session, DateTimeOffset before, CancellationToken ct) => Task.CompletedTask;

    public Task<bool> LockTermAsync(StorageSession session, string lease, long term, CancellationToken ct) => Task.FromResult(true);
}
