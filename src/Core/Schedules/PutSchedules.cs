using Fleet.Core.Jobs;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules;

/// <summary>What a put did.</summary>
public enum PutResult
{
    Created = 0,
    Changed = 1,
    Unchanged = 2,
}

/// <summary>Creates a schedule or changes it. An edit never fires by itself: occurrences that were planned ahead are
/// revoked, and planning goes on from now with the new definition.</summary>
public sealed class PutSchedules(IStorage storage, JobCatalog catalog, ArgsSchemas schemas, ScheduleChanges changes, TimeProvider time)
{
    /// <param name="request">The definition.</param>
    /// <param name="source"><c>code</c>, <c>configuration</c> or <c>api</c>.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="InvalidRunException">A field is refused, or the job is unknown (only for <c>api</c>: at the start of a
    /// scheduler its workers may not have come up yet).</exception>
    public async Task<PutResult> ExecuteAsync(ScheduleRequest request, string source, CancellationToken ct)
    {
        var (result, _) = await PutAsync(request, source, dryRun: false, ct);
        if (result != PutResult.Unchanged)
            await changes.AnnounceAsync(ct);
        return result;
    }

    /// <summary>What <see cref="ExecuteAsync"/> would do, and the row that would then be there; changes nothing.</summary>
    /// <inheritdoc cref="ExecuteAsync" path="/param"/>
    /// <inheritdoc cref="ExecuteAsync" path="/exception"/>
    public Task<(PutResult Result, Schedule Row)> TryAsync(ScheduleRequest request, string source, CancellationToken ct) =>
        PutAsync(request, source, dryRun: true, ct);

    private async Task<(PutResult Result, Schedule Row)> PutAsync(ScheduleRequest request, string source, bool dryRun, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var job = await catalog.FindAsync(request.Job, ct);
        if (job is null && source == "api")
            throw new InvalidRunException(catalog.UnknownJob(request.Job, "job"));
        if (!request.TryCheck(now, out var trigger, out var error))
            throw new InvalidRunException(error);
        request = request with { Args = ArgsText.Parse(request.Args) };
        if (job is not null && await schemas.CheckAsync(job, request.Args) is { } wrong)
            throw new InvalidRunException(wrong);

        return await storage.WriteRetryingAsync(
            async scope =>
            {
                var row = await scope.Db.Schedules.AsTracking().FirstOrDefaultAsync(s => s.Id == request.Id, ct);
                var isNew = row is null;
                if (row is null)
                    scope.Db.Schedules.Add(row = new Schedule { Id = request.Id, CreatedAt = now, Status = ScheduleStatus.Running });
                // Unchanged comes first: a one-shot that has fired is put again by every start of its program.
                if (!request.ApplyTo(row, job?.Name ?? request.Job) && !isNew)
                    return (PutResult.Unchanged, row);
                if (trigger.Next(now) is null)
                    throw new InvalidRunException(request.NeverFires(now));
                row.Source = source;
                row.UpdatedAt = now;
                row.Version++;
                if (!dryRun)
                    row.Planned -= await RevokeOccurrences.ExecuteAsync(scope, row.Id, now, "the schedule was changed", ct);
                GoOn(row, trigger, now);
                if (!dryRun)
                    await scope.Db.SaveChangesAsync(ct);
                return (isNew ? PutResult.Created : PutResult.Changed, row);
            },
            ct);
    }

    /// <summary>A schedule that a person halted stays so; one that had fired for the last time goes on.</summary>
    private static void GoOn(Schedule row, Trigger trigger, DateTimeOffset now)
    {
        if (row is { Status: ScheduleStatus.Stopped, StatusBy: null })
            row.SetStatus(ScheduleStatus.Running, reason: null, by: null, now);
        if (row.StatusOf(now) == ScheduleStatus.Running)
            row.PlanFrom(now, trigger);
        else if (row.ResumeAt is { } resume)
            row.PlanFrom(resume, trigger);
    }
}
