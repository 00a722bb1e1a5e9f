using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>A pending run whose nudge somebody still has to publish.</summary>
public readonly record struct StageableRun(RunId Id, string Lane, DateTimeOffset DueAt);

/// <summary>Publishes the nudges of delayed runs in due order: onto the belt when due within the look-ahead, straight to
/// the lane when due now. A run is marked as staged after the broker's confirm; a crash in between publishes twice, which
/// is harmless.</summary>
public sealed class StageRuns(IStorage storage, ILaneTransport transport, TimeProvider time)
{
    /// <summary>Runs per pass.</summary>
    public const int BatchSize = 1000;

    /// <param name="term">The leader's term.</param>
    /// <param name="lookAhead">How far ahead runs are put on the belt.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>How many runs were staged; <see cref="BatchSize"/> means that there may be more.</returns>
    public async Task<int> ExecuteAsync(long term, TimeSpan lookAhead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // Without the leader's lock at first: to take it is a write, and an idle fleet would write to disk with every poll.
        var first = await storage.AutocommitAsync(scope => storage.Statements.ReadUnstagedAsync(scope.Transaction, now + lookAhead, 1, ct), ct);
        if (first.Count == 0)
            return 0;
        var runs = await storage.WriteAsLeaderAsync(
            term, scope => storage.Statements.ReadUnstagedAsync(scope.Transaction, now + lookAhead, BatchSize, ct), ct);
        if (runs.Count == 0)
            return 0;

        foreach (var lane in runs.Where(r => r.DueAt <= now).GroupBy(r => r.Lane, r => r.Id))
            await NudgePublisher.SendAllAsync(transport, lane.Key, lane.ToArray(), ct);
        var later = runs.Where(r => r.DueAt > now).Select(r => new DelayedNudge(r.Lane, r.Id, r.DueAt)).ToArray();
        if (later.Length > 0)
            await transport.SendReadyAtAsync(term, later, ct);

        await storage.WriteAsLeaderAsync(
            term,
            async scope =>
            {
                await storage.Statements.MarkStagedAsync(scope.Transaction, runs, ct);
                return true;
            },
            ct);
        return runs.Count;
    }
}
