using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>Deletes a schedule and revokes its planned occurrences. Its past runs are kept.</summary>
public sealed class DeleteSchedules(IStorage storage, ScheduleChanges changes, TimeProvider time)
{
    /// <returns>False when there is no such schedule.</returns>
    public async Task<bool> ExecuteAsync(string id, CancellationToken ct)
    {
        var found = await storage.WriteRetryingAsync(
            async session =>
            {
                if (!await LockSchedule.ExecuteAsync(session, id, ct))
                    return false;
                await RevokeOccurrences.ExecuteAsync(storage, session, id, time.GetUtcNow(), "the schedule was deleted", ct);
                return await session.Db.Schedules.Where(s => s.Id == id).ExecuteDeleteAsync(ct) > 0;
            },
            ct);
        await changes.AnnounceAsync(ct);
        return found;
    }
}
