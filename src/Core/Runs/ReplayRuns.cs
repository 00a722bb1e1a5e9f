using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Failed or Canceled → Pending, because a person asked for it. It is the same run with a fresh number of attempts. Its earlier
/// state is kept in <c>replays</c>, and its attempts stay.</summary>
/// <remarks>A revoked run is refused. Its schedule has planned the same fire time again, or may do so, and a fire time has at most one
/// run.</remarks>
public sealed class ReplayRuns(IStorage storage, NudgePublisher nudges, TimeProvider time)
{
    /// <param name="id">The run.</param>
    /// <param name="by">Who replays it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    public async Task<ReplayResult> ExecuteAsync(RunId id, Actor by, CancellationToken ct, bool isDryRun = false)
    {
        var now = time.GetUtcNow();
        var replayed = await storage.WriteRetryingAsync(
            async session =>
            {
                var found = await storage.States.ReplayAsync(session, [id], by, now, ct);
                if (found[0] is { Result: ReplayResult.Replayed, From: { } before })
                {
                    session.Audit(now, by, "run.replay", $"{id}", new AuditedRun(before), new AuditedRun(RunState.Pending));
                    await session.Db.SaveChangesAsync(ct);
                }

                return found;
            },
            isDryRun,
            ct);
        var (result, lane, _) = replayed[0];
        if (result == ReplayResult.Replayed && !isDryRun)
            nudges.Publish([new Nudge(lane, id)]);
        return result;
    }
}
