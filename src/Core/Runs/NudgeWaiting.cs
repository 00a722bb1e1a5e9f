using Fleet.Core.Lanes;
using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>Nudges the runs that wait in a lane, when the lane was opened in a process whose nudges end with it. Those beyond one batch are
/// found by <see cref="Reconcile"/>, batch by batch.</summary>
public sealed class NudgeWaiting(IStorage storage, INudgeSender nudges, TimeProvider time)
{
    /// <returns>How many runs were nudged.</returns>
    public async Task<int> ExecuteAsync(string lane, CancellationToken ct)
    {
        var waiting = await storage.ReadWaitingAsync(lane, time.GetUtcNow(), Reconcile.BatchSize, ct);
        if (waiting.Count > 0)
            await NudgePublisher.SendAllAsync(nudges, lane, [.. waiting.Select(run => run.Id)], ct);
        return waiting.Count;
    }
}
