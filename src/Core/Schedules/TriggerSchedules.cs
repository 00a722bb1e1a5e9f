using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>Runs a schedule's job now, whatever its status and its next fire time.</summary>
public sealed class TriggerSchedules(IStorage storage, EnqueueRuns enqueue)
{
    /// <returns>The new run; null when there is no such schedule.</returns>
    public async Task<RunId?> ExecuteAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        var schedule = await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == id, ct);
        if (schedule is null)
            return null;
        var outcome = await enqueue.ExecuteAsync(
            new RunRequest
            {
                Job = schedule.Job,
                Args = schedule.Args,
                ScheduleId = schedule.Id,
                Overlap = schedule.Overlap,
                Options = new EnqueueOptions { Lane = schedule.Lane, MaxAttempts = schedule.MaxAttempts, Tags = GetRuns.ReadTags(schedule.Tags) },
            },
            ct);
        return outcome.Id;
    }
}
