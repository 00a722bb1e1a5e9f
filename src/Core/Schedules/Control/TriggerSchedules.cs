using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>Runs a schedule's job now, independent of its status and next fire time.</summary>
public sealed class TriggerSchedules(IStorage storage, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas)
{
    /// <param name="id">The schedule.</param>
    /// <param name="by">Who triggers it.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <param name="expected">What must be stored; null: anything. An edit that is committed between the check and the run is not
    /// seen.</param>
    /// <param name="isDryRun">True to make no run. The id is then that of no run.</param>
    /// <returns>The new run; null when there is no such schedule.</returns>
    /// <exception cref="InvalidRunException">The job is unknown, or its args type has changed and the schedule's args no longer
    /// fit.</exception>
    /// <exception cref="UnexpectedVersionException">Something else is stored than expected.</exception>
    public async Task<RunId?> ExecuteAsync(string id, Actor by, CancellationToken ct, Expected? expected = null, bool isDryRun = false)
    {
        await using var db = storage.Read();
        var schedule = await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == id, ct);
        if (schedule is null)
            return null;
        expected?.Check(schedule.EditVersion());
        if (await catalog.FindAsync(schedule.Job, ct) is { } job && await schemas.CheckAsync(job, schedule.Args) is { Count: > 0 } errors)
            throw new InvalidRunException(errors);
        var request = new RunRequest
        {
            Job = schedule.Job,
            Args = schedule.Args,
            By = by,
            ScheduleId = schedule.Id,
            Overlap = schedule.Overlap,
            Options = new EnqueueOptions
            {
                Lane = schedule.Lane,
                MaxAttempts = schedule.MaxAttempts,
                Tags = GetRuns.ReadTags(schedule.Tags),
            },
        };
        var outcome = isDryRun ? await enqueue.CheckAsync(request, ct) : await enqueue.ExecuteAsync(request, ct);
        return outcome.Id;
    }
}
