using System.Globalization;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Gates;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>The range of past fire times to backfill, and the pace.</summary>
public sealed record BackfillRequest
{
    /// <summary>Start of the range, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>End of the range, exclusive.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>How many of the runs come due per minute; 1 to 60,000. Default: 60.</summary>
    public int PerMinute { get; init; } = 60;

    /// <summary>The lane of the runs. Null: the schedule's lane.</summary>
    public string? Lane { get; init; }
}

/// <summary>What a backfill does, or would do in a dry run.</summary>
/// <param name="Count">Number of runs it creates.</param>
/// <param name="Existing">Number of fire times in the range that already have a run.</param>
/// <param name="First">The first fire time without a run; null when every fire time has one.</param>
/// <param name="Last">The last fire time without a run.</param>
/// <param name="LastDueAt">Due time of the last new run.</param>
/// <param name="OldestKept">The oldest fire time of this schedule whose run is still stored. Runs of earlier fire times may have executed
/// and been pruned.</param>
public sealed record BackfillPlan(
    int Count, int Existing, DateTimeOffset? First, DateTimeOffset? Last, DateTimeOffset? LastDueAt, DateTimeOffset? OldestKept);

/// <summary>Creates runs for fire times in the past, computed from the schedule as it is now. The runs have the same <c>(schedule, fire
/// time)</c> key as other occurrences, so a fire time that has a run gets no second one. They come due one after another and do not count
/// towards <c>maxOccurrences</c>.</summary>
/// <remarks>If the schedule does not allow overlap, each backfill run waits for its turn, with no limit on the queue, and live occurrences
/// go first. A skipped backfill run would be lost, and a backfill must not cause a live occurrence to be skipped.</remarks>
public sealed class BackfillSchedules(
    IStorage storage, JobCatalog catalog, ArgsSchemas schemas, NamedLanes lanes, Wakers wakers, TimeProvider time)
{
    /// <summary>Maximum number of fire times in a range.</summary>
    public const int Most = 10_000;

    /// <param name="id">The schedule's id.</param>
    /// <param name="request">The range and the pace.</param>
    /// <param name="by">Who backfills.</param>
    /// <param name="dryRun">True: only compute the plan; store nothing.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The plan; null when there is no such schedule.</returns>
    /// <exception cref="InvalidRunException">A field is refused.</exception>
    public async Task<BackfillPlan?> ExecuteAsync(string id, BackfillRequest request, Actor by, bool dryRun, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (Check(request, now) is { } error)
            throw new InvalidRunException(error);
        await using var db = storage.Read();
        if (await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == id, ct) is not { } schedule)
            return null;
        if (await catalog.FindAsync(schedule.Job, ct) is { } job && await schemas.CheckAsync(job, schedule.Args) is { Count: > 0 } misfit)
            throw new InvalidRunException(misfit);
        var lane = request.Lane ?? schedule.Lane ?? await catalog.FindLaneAsync(schedule.Job, ct);
        if (BoundLanes.Refuse(by, lane) is { } forbidden)
            throw new InvalidRunException(forbidden);
        if (request.Lane is { } named && await lanes.CheckAsync(named, ct, dryRun) is { } tooMany)
            throw new InvalidRunException(tooMany);
        var fireTimes = schedule.ParseTrigger().Between(request.From.AddTicks(-1), request.Until.AddTicks(-1)).Take(Most + 1)
            .Select(t => t.ToUniversalTime()).ToList();
        if (fireTimes.Count > Most)
        {
            throw new InvalidRunException(RunRules.Invalid(
                "range_too_long", "until", request.Until.ToString("O", CultureInfo.InvariantCulture),
                $"a range of at most {Most} fire times"));
        }

        var (from, until) = (request.From.ToUniversalTime(), request.Until.ToUniversalTime());
        // The fire time of a deleted run stays taken.
        var occurrences = db.Runs.IgnoreQueryFilters().AsNoTracking().Where(r => r.ScheduleId == id && r.FireTime != null && !r.Revoked);
        var existing = (
            await occurrences.Where(r => r.FireTime >= from && r.FireTime < until).Select(r => r.FireTime!.Value).ToListAsync(ct))
            .ToHashSet();
        var oldest = await occurrences.OrderBy(r => r.FireTime).Select(r => r.FireTime).FirstOrDefaultAsync(ct);
        var missing = fireTimes.Where(t => !existing.Contains(t)).ToList();
        var pace = TimeSpan.FromMinutes(1) / request.PerMinute;
        var overlap = schedule.Overlap == OverlapPolicy.Allow ? OverlapPolicy.Allow : OverlapGate.Backfill;
        var runs = missing.Select((fireTime, i) =>
            schedule.ToRun(fireTime, lane, now) with { DueAt = now + (i * pace), Overlap = overlap, EnqueuedBy = by }).ToList();
        if (!dryRun && runs.Count > 0)
        {
            await lanes.RegisterAsync(ct);
            var found = await storage.WriteRetryingAsync(
                async session =>
                {
                    // If the schedule was deleted meanwhile, no runs are inserted.
                    if (!await LockSchedule.ExecuteAsync(session, id, ct))
                        return false;
                    await storage.Statements.InsertAsync(session, runs, ct);
                    var facts = new AuditedBackfill(from, until, request.PerMinute, lane, runs.Count);
                    session.Audit(now, by, "schedule.backfill", id, before: null, facts);
                    await session.Db.SaveChangesAsync(ct);
                    return true;
                },
                ct);
            if (!found)
                return null;
            wakers.Stage.Wake();
        }

        return new BackfillPlan(
            runs.Count, fireTimes.Count - runs.Count, missing.Count > 0 ? missing[0] : null, missing.Count > 0 ? missing[^1] : null,
            runs.Count > 0 ? runs[^1].DueAt : null, oldest);
    }

    private static InputError? Check(BackfillRequest request, DateTimeOffset now)
    {
        static string Show(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);
        if (request.Until > now)
            return RunRules.Invalid("invalid_range", "until", Show(request.Until), "an instant of the past");
        if (request.From < DateTimeOffset.UnixEpoch)
            return RunRules.Invalid("invalid_range", "from", Show(request.From), "an instant from 1970");
        if (request.From >= request.Until)
            return RunRules.Invalid("invalid_range", "from", Show(request.From), $"an instant before until ({Show(request.Until)})");
        if (request.PerMinute is < 1 or > 60_000)
            return RunRules.Invalid("invalid_per_minute", "perMinute", request.PerMinute.ToString(CultureInfo.InvariantCulture), "1–60000");
        return request.Lane is { } lane ? RunRules.CheckLane(lane) : null;
    }
}
