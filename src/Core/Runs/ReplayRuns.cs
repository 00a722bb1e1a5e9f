using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Runs;

/// <summary>Failed or Canceled → Pending, by a person: the same run with a fresh number of attempts; what it was before is
/// kept in <c>replays</c>, its attempts stay.</summary>
/// <remarks>Never a run that was revoked: its schedule has planned the same fire time again, or may do so, and an occurrence makes one
/// run.</remarks>
public sealed class ReplayRuns(IStorage storage, NudgePublisher nudges, TimeProvider time)
{
    public async Task<ReplayResult> ExecuteAsync(RunId id, string by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var replayed = await storage.WriteRetryingAsync(session => storage.States.ReplayAsync(session, [id], by, now, ct), ct);
        var (result, lane) = replayed[0];
        if (result == ReplayResult.Replayed)
            nudges.Publish([new Nudge(lane, id)]);
        return result;
    }
}
