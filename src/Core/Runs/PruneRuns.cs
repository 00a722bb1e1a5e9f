using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>Deletes runs that ended long ago, with their attempts, replays and logs; and old inbox entries and gone workers.</summary>
public sealed class PruneRuns(IStorage storage, TimeProvider time)
{
    /// <summary>Runs per pass: small, so that a pass does not hold up the others who write.</summary>
    public const int BatchSize = 500;

    /// <param name="term">The leader's term.</param>
    /// <param name="keepSucceeded">How long succeeded runs are kept.</param>
    /// <param name="keepOthers">How long failed and canceled runs are kept.</param>
    /// <param name="keepInbox">How long a consumer remembers the messages that it has handled.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>How many runs were deleted; <see cref="BatchSize"/> means that there may be more.</returns>
    public Task<int> ExecuteAsync(long term, TimeSpan keepSucceeded, TimeSpan keepOthers, TimeSpan keepInbox, CancellationToken ct) => storage.WriteAsLeaderAsync(
        term,
        async scope =>
        {
            var now = time.GetUtcNow();
            var (succeededBefore, othersBefore) = (now - keepSucceeded, now - keepOthers);
            var ids = await scope.Db.Succeeded(DateTimeOffset.MinValue, succeededBefore).Select(r => r.Id).Take(BatchSize).ToListAsync(ct);
            ids.AddRange(await scope.Db.FailedOrCanceled(othersBefore).Select(r => r.Id).Take(BatchSize - ids.Count).ToListAsync(ct));
            await scope.Db.Attempts.Where(a => ids.Contains(a.RunId)).ExecuteDeleteAsync(ct);
            await scope.Db.Replays.Where(r => ids.Contains(r.RunId)).ExecuteDeleteAsync(ct);
            await scope.Db.RunLogs.Where(l => ids.Contains(l.RunId)).ExecuteDeleteAsync(ct);
            await scope.Db.Runs.Where(r => ids.Contains(r.Id)).ExecuteDeleteAsync(ct);
            await scope.Db.Inbox.Where(m => m.ReceivedAt < now - keepInbox).ExecuteDeleteAsync(ct);
            // Not those of whom a run may be left: RescueRuns finds it by its worker.
            await scope.Db.Workers
                .Where(w => w.State == WorkerState.Gone && w.HeartbeatAt < succeededBefore && !scope.Db.Running.Any(r => r.WorkerId == w.Id))
                .ExecuteDeleteAsync(ct);
            return ids.Count;
        },
        ct);
}
