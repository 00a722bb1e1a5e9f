using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Plans schedules again from now on when they were planned beyond the look-ahead of this leader's clock: its clock was set back,
/// or the clock of the leader before was ahead. Otherwise they would not fire until the clock reaches that point again.</summary>
/// <remarks>Occurrences that are already planned keep their run, so nothing fires twice. It reads every schedule, so do not call it at
/// every pass.</remarks>
public sealed partial class ReplanSchedules(IStorage storage, TimeProvider time, ILogger<ReplanSchedules> logger)
{
    /// <param name="term">The leader's term.</param>
    /// <param name="lookAhead">How far ahead runs are planned.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>Number of schedules that are planned again.</returns>
    public async Task<int> ExecuteAsync(Term term, TimeSpan lookAhead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var furthest = now + lookAhead + PlanOccurrences.MisfireAfter;
        // Paused schedules with an end are left out: their plan is in the future on purpose.
        var replanned = await storage.WriteAsLeaderAsync(
            term,
            async session =>
            {
                var clock = await storage.GetClockAsync(session, ct);
                // From its last change on, where a clock behind has that still to come: what was halted or defined otherwise until then
                // stays so. By the database's clock, because a change may also carry a time of a clock that was ahead.
                return await session.Db.Schedules
                    .Where(s => s.Status == ScheduleStatus.Running && s.NextPlanAt != null && s.PlannedUntil > furthest
                        && (s.UpdatedAt > clock || s.PlannedUntil > s.UpdatedAt))
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(s => s.PlannedUntil, s => s.UpdatedAt > now && s.UpdatedAt <= clock ? s.UpdatedAt : now)
                            .SetProperty(s => s.NextPlanAt, s => s.UpdatedAt > now && s.UpdatedAt <= clock ? s.UpdatedAt : now)
                            .SetProperty(s => s.Version, s => s.Version + 1),
                        ct);
            },
            ct);
        if (replanned > 0)
            LogReplanned(replanned, now);
        return replanned;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The clock is behind the planned fire times: {Count} schedule(s) are planned again from {Now:O} on.")]
    private partial void LogReplanned(int count, DateTimeOffset now);
}
