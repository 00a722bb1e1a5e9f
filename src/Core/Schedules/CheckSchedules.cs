using Fleet.Core.Jobs;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>Checks a definition as <see cref="PutSchedules"/> does for the API, and stores nothing.</summary>
public sealed class CheckSchedules(JobCatalog catalog, ArgsSchemas schemas, TimeProvider time)
{
    /// <returns>When the schedule would fire.</returns>
    /// <exception cref="InvalidRunException">A field is refused, the job is unknown, or it never fires.</exception>
    public async Task<Trigger> ExecuteAsync(ScheduleRequest request, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var job = await catalog.FindAsync(request.Job, ct) ?? throw new InvalidRunException(catalog.UnknownJob(request.Job, "job"));
        if (!request.TryCheck(now, out var trigger, out var error))
            throw new InvalidRunException(error);
        if (await schemas.CheckAsync(job, ArgsText.Parse(request.Args)) is { } wrong)
            throw new InvalidRunException(wrong);
        return trigger.Next(now) is null ? throw new InvalidRunException(request.NeverFires(now)) : trigger;
    }
}
