using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Takes the row of a schedule until the commit, before anything of it is read or revoked. A planner that has inserted its runs
/// and not committed them is waited for; otherwise they would be missed and fire.</summary>
public static class LockSchedule
{
    /// <returns>False when there is no such schedule.</returns>
    public static async Task<bool> ExecuteAsync(WriteScope scope, string id, CancellationToken ct) =>
        await scope.Db.Schedules.Where(s => s.Id == id).ExecuteUpdateAsync(set => set.SetProperty(s => s.Version, s => s.Version), ct) > 0;
}
