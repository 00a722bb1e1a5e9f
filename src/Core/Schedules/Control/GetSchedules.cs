using Fleet.Core.Jobs;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>A schedule's row and the values that are computed from other data.</summary>
/// <param name="Row">The row.</param>
/// <param name="Status">The status now; a pause that has ended counts as running.</param>
/// <param name="NextFireAt">The next fire time; null when there is none or it is unknown.</param>
/// <param name="LastFireTime">The latest past fire time that has a run, in any state; null when there is none.</param>
/// <param name="LastStartedAt">When the latest started run of the schedule was started.</param>
/// <param name="Timeout">The timeout of the job's attempts, as the job defines it.</param>
public sealed record DescribedSchedule(
    Schedule Row, ScheduleStatus Status, DateTimeOffset? NextFireAt, DateTimeOffset? LastFireTime, DateTimeOffset? LastStartedAt,
    TimeSpan? Timeout)
{
    /// <summary>The args, redacted.</summary>
    public required string ShownArgs { get; init; }
}

/// <summary>Reads schedules.</summary>
public sealed class GetSchedules(IStorage storage, JobCatalog catalog, TimeProvider time)
{
    /// <summary>Reads all schedules, ordered by id.</summary>
    public async Task<IReadOnlyList<DescribedSchedule>> ListAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        return await ReadAsync(db, db.Schedules, ct);
    }

    public async Task<DescribedSchedule?> FindAsync(string id, CancellationToken ct)
    {
        await using var db = storage.Read();
        return await ReadAsync(db, db.Schedules.Where(s => s.Id == id), ct) is [var schedule, ..] ? schedule : null;
    }

    /// <summary>The next fire time; null when there is none or it is unknown.</summary>
    public static DateTimeOffset? NextFire(Schedule schedule, DateTimeOffset now)
    {
        // A schedule that was planned for the last time may still have planned occurrences to come.
        var hasEnded = schedule.HasEnded;
        var isHalted = schedule.StatusOf(now) != ScheduleStatus.Running && schedule.ResumeAt is null && !hasEnded;
        if (isHalted || !schedule.TryParseTrigger(out var trigger, out _))
            return null;
        var next = trigger.Next(schedule.ResumeAt is { } resume && resume > now ? resume : now);
        return hasEnded && !(next <= schedule.LastFireTime) ? null : next;
    }

    /// <summary>Adds the computed values to a row.</summary>
    public async Task<DescribedSchedule> DescribeAsync(
        Schedule row, DateTimeOffset? lastFireTime, DateTimeOffset? lastStartedAt, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var secrets = await catalog.FindSecretsAsync(row.Job, ct);
        return new DescribedSchedule(
            row, row.StatusOf(now), NextFire(row, now), lastFireTime, lastStartedAt, (await catalog.FindAsync(row.Job, ct))?.Timeout)
        {
            ShownArgs = secrets.Redact(row.Args),
        };
    }

    private async Task<IReadOnlyList<DescribedSchedule>> ReadAsync(FleetDbContext db, IQueryable<Schedule> schedules, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // Also those that were deleted since: they fired.
        var occurrences = db.Runs.IgnoreQueryFilters().Where(r => r.FireTime != null && !r.Revoked);
        var rows = await schedules.AsNoTracking().OrderBy(s => s.Id).Select(s => new
        {
            Row = s,
            LastFireTime = occurrences.Where(r => r.ScheduleId == s.Id && r.FireTime <= now)
                .OrderByDescending(r => r.FireTime).Select(r => r.FireTime).FirstOrDefault(),
            LastStartedAt = occurrences.Where(r => r.ScheduleId == s.Id && r.StartedAt != null)
                .OrderByDescending(r => r.FireTime).Select(r => r.StartedAt).FirstOrDefault(),
        }).ToListAsync(ct);
        var infos = new List<DescribedSchedule>(rows.Count);
        foreach (var row in rows)
        {
            var last = row.LastFireTime ?? await FindPrunedAsync(db, row.Row, now, ct);
            infos.Add(await DescribeAsync(row.Row, last, row.LastStartedAt, ct));
        }

        return infos;
    }

    /// <summary>The latest planned fire time, for a schedule whose past runs were all pruned. It has fired unless it was revoked.</summary>
    private static async Task<DateTimeOffset?> FindPrunedAsync(FleetDbContext db, Schedule row, DateTimeOffset now, CancellationToken ct) =>
        row.LastFireTime <= now
            && !await db.Runs.IgnoreQueryFilters().AnyAsync(r => r.ScheduleId == row.Id && r.FireTime == row.LastFireTime, ct)
            ? row.LastFireTime
            : null;
}
