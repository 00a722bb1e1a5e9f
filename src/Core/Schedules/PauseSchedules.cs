using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Pauses and resumes schedules. What was planned ahead is revoked at a pause; fire times that pass during it are skipped.</summary>
public sealed class PauseSchedules(IStorage storage, Wakers wakers, TimeProvider time)
{
    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> PauseAsync(string id, string? reason, CancellationToken ct) => ChangeAsync(
        id,
        async (scope, row, now) =>
        {
            row.Status = ScheduleStatus.Paused;
            row.StatusReason = reason is null ? null : RunRules.Show(reason);
            row.NextPlanAt = null;
            await RevokeOccurrences.ExecuteAsync(scope, id, now, "the schedule was paused", ct);
        },
        ct);

    /// <returns>False when there is no such schedule.</returns>
    public Task<bool> ResumeAsync(string id, CancellationToken ct) => ChangeAsync(
        id,
        (_, row, now) =>
        {
            if (row.Status == ScheduleStatus.Running)
                return Task.CompletedTask;
            row.PlannedUntil = now;
            row.NextPlanAt = row.ParseTrigger().Next(now)?.ToUniversalTime();
            row.Status = row.NextPlanAt is null ? ScheduleStatus.Stopped : ScheduleStatus.Running;
            row.StatusReason = row.NextPlanAt is null ? "It never fires again." : null;
            return Task.CompletedTask;
        },
        ct);

    private async Task<bool> ChangeAsync(string id, Func<WriteScope, Schedule, DateTimeOffset, Task> change, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await storage.WriteRetryingAsync(
            async scope =>
            {
                var row = await scope.Db.Schedules.AsTracking().FirstOrDefaultAsync(s => s.Id == id, ct);
                if (row is null)
                    return false;
                await change(scope, row, now);
                row.UpdatedAt = now;
                row.Version++;
                await scope.Db.SaveChangesAsync(ct);
                return true;
            },
            ct);
        wakers.Plan.Wake();
        return found;
    }
}
