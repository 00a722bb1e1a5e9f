using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Cancels the planned occurrences of a schedule that are not due yet: Pending → Canceled. A nudge that is already on the belt
/// then finds the run canceled.</summary>
public static class RevokeOccurrences
{
    public static Task<int> ExecuteAsync(StorageSession session, string scheduleId, DateTimeOffset now, string reason, CancellationToken ct)
    {
        var text = $"Revoked: {reason}.";
        return session.Db.ListedPending.Where(r => r.ScheduleId == scheduleId && r.FireTime > now && r.Attempt == 0).ExecuteUpdateAsync(
            set =>
            {
                session.Db.SetState(set, RunState.Canceled);
                set.SetProperty(r => r.Revoked, true)
                    .SetProperty(r => r.FinishedAt, now)
                    .SetProperty(r => r.Error, text);
            },
            ct);
    }
}
