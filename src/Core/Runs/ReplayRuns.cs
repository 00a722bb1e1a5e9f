using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Runs;

/// <summary>What a replay did.</summary>
public enum ReplayResult
{
    NotFound = 0,

    Replayed = 1,

    /// <summary>Only a failed or canceled run can be replayed.</summary>
    WrongState = 2,

    /// <summary>It was planned ahead and revoked: its fire time may have another run, or get one.</summary>
    Revoked = 3,
}

/// <summary>Failed or Canceled → Pending, by a person: the same run with a fresh number of attempts; what it was before is
/// kept in <c>replays</c>, its attempts stay.</summary>
/// <remarks>Never a run that was revoked: its schedule has planned the same fire time again, or may do so, and an occurrence makes one
/// run.</remarks>
public sealed class ReplayRuns(IStorage storage, NudgePublisher nudges, TimeProvider time)
{
    public async Task<ReplayResult> ExecuteAsync(RunId id, string by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (result, lane) = await storage.WriteAsync(
            async session =>
            {
                var run = await session.Db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, ct);
                if (run is null)
                    return (ReplayResult.NotFound, "");
                var replayed = await session.Db.Runs
                    .Where(r => r.Id == id && (r.State == RunState.Failed || r.State == RunState.Canceled) && !r.Revoked)
                    .ExecuteUpdateAsync(
                        set =>
                        {
                            session.Db.SetState(set, RunState.Pending);
                            set.SetProperty(r => r.DueAt, now)
                                .SetProperty(r => r.Staged, true)
                                .SetProperty(r => r.AttemptOffset, r => r.Attempt)
                                .SetProperty(r => r.Crashes, 0)
                                .SetProperty(r => r.Replays, r => r.Replays + 1)
                                .SetProperty(r => r.CancelRequestedAt, (DateTimeOffset?)null)
                                .SetProperty(r => r.FinishedAt, (DateTimeOffset?)null);
                        },
                        ct);
                if (replayed == 0)
                    return (run.Revoked ? ReplayResult.Revoked : ReplayResult.WrongState, "");
                session.Db.Replays.Add(new Replay
                {
                    RunId = id,
                    Number = run.Replays + 1,
                    At = now,
                    By = by,
                    FromState = run.State,
                    FromAttempt = run.Attempt,
                    FromError = run.Error,
                    FromFinishedAt = run.FinishedAt,
                });
                await session.Db.SaveChangesAsync(ct);
                return (ReplayResult.Replayed, run.Lane);
            },
            ct);
        if (result == ReplayResult.Replayed)
            nudges.Publish([new Nudge(lane, id)]);
        return result;
    }
}
