using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Locks the row of a schedule until the commit. Call it before anything of the schedule is read or revoked: it waits for a
/// planner that has inserted runs and not committed yet. Without the lock those runs would be missed, and would fire.</summary>
public static class LockSchedule
{
    /// <returns>False when there is no such schedule.</returns>
    public static async Task<bool> ExecuteAsync(StorageSession session, string id, CancellationToken ct) =>
        await session.Db.Schedules.Where(s => s.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.Version, s => s.Version), ct) > 0;
}
