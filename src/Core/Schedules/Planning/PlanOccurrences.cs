using System.Diagnostics;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Schedules.Planning;

/// <summary>Turns fire times into runs: inserts a run for each fire time within the look-ahead and moves the schedule's
/// <see cref="Schedule.PlannedUntil"/> in the same transaction. Each <c>(schedule, fire time)</c> gets at most one run.</summary>
/// <remarks>A schedule that cannot be planned is skipped for a growing pause, so it does not block the others.</remarks>
public sealed partial class PlanOccurrences(IStorage storage, JobCatalog catalog, TimeProvider time, ILogger<PlanOccurrences> logger)
    : IAsyncDisposable
{
    /// <summary>Who starts a schedule again when its pause ends by itself.</summary>
    public static readonly Actor EndOfPause = Actor.Create(ActorKind.Policy, "end of pause");

    private readonly Setbacks _setbacks = new("plan", "schedule", storage.IsOutage, time, logger);
    private readonly MissingZones _missing = new(time);

    /// <summary>Maximum number of schedules per pass.</summary>
    public const int BatchSize = 200;

    /// <summary>Maximum number of runs that <see cref="MisfirePolicy.RunAll"/> creates for missed fire times; the latest ones.</summary>
    public const int RunAllCap = 100;

    /// <summary>Maximum number of missed fire times that one pass counts per schedule.</summary>
    public const int MaxMissedCounted = 1000;

    /// <summary>A fire time that passed less than this ago is late, not missed.</summary>
    public static readonly TimeSpan MisfireAfter = TimeSpan.FromSeconds(5);

    /// <summary>Number of times that this machine lacked the data of a time zone. Another scheduler should lead then, if there is
    /// one.</summary>
    public int ZonesMissed => _missing.Times;

    /// <param name="term">The leader's term.</param>
    /// <param name="lookAhead">How far ahead runs are planned.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>Number of runs that were planned, and whether more schedules may be due.</returns>
    public async Task<(int Planned, bool More)> ExecuteAsync(Term term, TimeSpan lookAhead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var horizon = now + lookAhead;
        var (missing, leftOut) = (_missing.LeftOut, _setbacks.LeftOut);
        if (!await IsAnyDueAsync(horizon, missing, leftOut, ct))
            return (0, false);
        var lacking = new HashSet<string>(StringComparer.Ordinal);
        // Schedules that failed before are planned one by one, after the others.
        var suspects = _setbacks.Suspects;
        var (planned, more) = (new List<Planned>(), false);
        try
        {
            (planned, more) = await PlanAsync(
                term, db => Without(Served(Due(db, horizon), missing), suspects).OrderBy(s => s.NextPlanAt).Take(BatchSize), now, horizon,
                lacking, ct);
        }
        catch (Exception e) when (e is not TermLostException && !ct.IsCancellationRequested && !storage.IsOutage(e))
        {
            // One of the schedules cannot be read or stored. Planning them one by one finds out which.
            LogOneByOne(e);
            foreach (var id in await FindDueAsync(horizon, missing, suspects, ct))
                await PlanAloneAsync(id);
        }

        foreach (var id in suspects.Except(leftOut, StringComparer.Ordinal))
            await PlanAloneAsync(id);
        if (lacking.Count > 0)
            LogNoZoneData(string.Join(", ", lacking.Order(StringComparer.Ordinal)), _missing.Add(lacking));
        foreach (var schedule in planned)
            schedule.Count();
        return ((int)planned.Sum(s => s.Runs), more);

        Task PlanAloneAsync(string id) => _setbacks.TryAsync(
            id,
            async () =>
                planned.AddRange(
                    (await PlanAsync(term, db => Served(Due(db, horizon), missing).Where(s => s.Id == id), now, horizon, lacking, ct))
                    .Done),
            ct);
    }

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    private async Task<(List<Planned> Done, bool IsFull)> PlanAsync(
        Term term, Func<FleetDbContext, IQueryable<Schedule>> choose, DateTimeOffset now, DateTimeOffset horizon, HashSet<string> lacking,
        CancellationToken ct) =>
        await storage.WriteAsLeaderAsync(
            term,
            async session =>
            {
                var schedules = await choose(session.Db).AsTracking().ToListAsync(ct);
                var runs = new List<NewRun>();
                var misfires = new List<Misfire>();
                var isFull = schedules.Count == BatchSize;
                // The problem is this machine's, not the schedule's, so the schedule is left unchanged.
                schedules.RemoveAll(s => IsMissingHere(s, lacking));
                var before = schedules.ConvertAll(s => (s.Planned, s.Missed));
                foreach (var schedule in schedules)
                {
                    if (TryParse(schedule, now) is { } trigger)
                        await PlanAsync(schedule, trigger, now, horizon, runs, misfires, ct);
                }

                session.Db.Misfires.AddRange(misfires);

                await InsertAsync(session, runs, schedules, ct);
                await session.Db.SaveChangesAsync(ct);
                return (schedules.Zip(before, (s, b) => new Planned(s.Id, s.Planned - b.Planned, s.Missed - b.Missed)).ToList(), isFull);
            },
            ct);

    private static IQueryable<Schedule> Due(FleetDbContext db, DateTimeOffset horizon) =>
        db.Schedules.Where(s => s.NextPlanAt != null && s.NextPlanAt <= horizon);

    /// <summary>Reads only the ids, because the rest of a row may be unreadable.</summary>
    private async Task<List<string>> FindDueAsync(DateTimeOffset horizon, IReadOnlyList<string> missing, IReadOnlyList<string> suspects,
        CancellationToken ct)
    {
        await using var db = storage.Read();
        return await Without(Served(Due(db, horizon), missing), suspects).OrderBy(s => s.NextPlanAt).Select(s => s.Id).Take(BatchSize)
            .ToListAsync(ct);
    }

    /// <summary>Looks without taking the leader's lock. Taking it is a write, so an idle fleet would write to disk at every poll.</summary>
    private async Task<bool> IsAnyDueAsync(DateTimeOffset horizon, IReadOnlyList<string> missing, IReadOnlyList<string> leftOut,
        CancellationToken ct)
    {
        await using var db = storage.Read();
        // Reads the first row by the index. For an existence query the server may choose to scan the whole table.
        var next = await Without(Served(db.Schedules, missing), leftOut).Where(s => s.NextPlanAt != null).OrderBy(s => s.NextPlanAt)
            .Select(s => s.NextPlanAt).FirstOrDefaultAsync(ct);
        return next <= horizon;
    }

    private static IQueryable<Schedule> Without(IQueryable<Schedule> schedules, IReadOnlyList<string> ids) =>
        ids.Count == 0 ? schedules : schedules.Where(s => !ids.Contains(s.Id));

    /// <summary>Leaves out the schedules whose zones this machine is known to lack, so that they do not fill the batch.</summary>
    private static IQueryable<Schedule> Served(IQueryable<Schedule> schedules, IReadOnlyList<string> missing) =>
        missing.Count == 0 ? schedules : schedules.Where(s => s.Zone == null || !missing.Contains(s.Zone));

    private static bool IsMissingHere(Schedule schedule, HashSet<string> lacking)
    {
        if (schedule.Zone is not { } zone || Zones.TryFind(zone, out _, out _) || !Zones.IsMissingHere(zone))
            return false;
        lacking.Add(zone);
        return true;
    }

    /// <summary>Parses the trigger. A schedule that can no longer be parsed is stopped with the reason, so that it does not block the
    /// others.</summary>
    private Trigger? TryParse(Schedule schedule, DateTimeOffset now)
    {
        if (schedule.TryParseTrigger(out var trigger, out var error))
            return trigger;
        schedule.SetStatus(ScheduleStatus.Stopped, error.Message, ThisProcess.Scheduler, now);
        schedule.NextPlanAt = null;
        schedule.Version++;
        LogUnreadable(schedule.Id, error.Message);
        return null;
    }

    private async Task PlanAsync(
        Schedule schedule, Trigger trigger, DateTimeOffset now, DateTimeOffset horizon, List<NewRun> runs, List<Misfire> misfires,
        CancellationToken ct)
    {
        var lane = schedule.Lane ?? await catalog.FindLaneAsync(schedule.Job, ct);
        // A leader whose clock was behind may have reset the plan to its own time. No occurrence is planned before the schedule's creation.
        if (schedule.PlannedUntil < schedule.CreatedAt)
            schedule.PlannedUntil = schedule.CreatedAt;
        var missedUntil = now - MisfireAfter;
        var missed = schedule.PlannedUntil < missedUntil ? CatchUp(schedule, trigger, missedUntil, now, misfires) : [];
        var from = schedule.PlannedUntil < missedUntil ? missedUntil : schedule.PlannedUntil;
        var left = schedule.OccurrencesLeft;
        foreach (var fireTime in missed.Concat(trigger.Between(from, horizon)))
        {
            if (left-- == 0)
                break;
            runs.Add(schedule.ToRun(fireTime, lane, now) with { TraceParent = Activity.Current?.Id });
            schedule.LastFireTime = fireTime.ToUniversalTime();
        }

        if (schedule.Status == ScheduleStatus.Paused && schedule.StatusOf(now) == ScheduleStatus.Running)
            schedule.SetStatus(ScheduleStatus.Running, "The pause has ended.", EndOfPause, schedule.ResumeAt!.Value);
        schedule.PlannedUntil = horizon > schedule.CreatedAt ? horizon : schedule.CreatedAt;
        schedule.NextPlanAt = trigger.Next(schedule.PlannedUntil)?.ToUniversalTime();
        schedule.Version++;
    }

    /// <summary>Stores the runs and counts them. A schedule without further fire times is stopped.</summary>
    private async Task InsertAsync(StorageSession session, List<NewRun> runs, List<Schedule> schedules, CancellationToken ct)
    {
        var outcomes = runs.Count > 0 ? await storage.Statements.InsertAsync(session, runs, ct) : [];
        var planned = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i].Status == EnqueueStatus.Inserted)
                planned[runs[i].ScheduleId!] = planned.GetValueOrDefault(runs[i].ScheduleId!) + 1;
        }

        foreach (var schedule in schedules.Where(s => s.Status != ScheduleStatus.Stopped))
        {
            schedule.Planned += planned.GetValueOrDefault(schedule.Id);
            if (schedule.OccurrencesLeft == 0)
                schedule.NextPlanAt = null;
            if (schedule.NextPlanAt is null)
                schedule.SetStatus(
                    ScheduleStatus.Stopped, schedule.LastReason, ScheduleTriggers.LastFireTime,
                    schedule.LastFireTime ?? schedule.PlannedUntil);
        }
    }

    /// <summary>Applies the misfire policy to missed fire times.</summary>
    private List<DateTimeOffset> CatchUp(
        Schedule schedule, Trigger trigger, DateTimeOffset until, DateTimeOffset now, List<Misfire> misfires)
    {
        var latest = Latest(trigger, schedule.PlannedUntil, until, RunAllCap);
        var caughtUp = MisfireRule.Choose(schedule, latest, now);
        var missed = trigger.Between(schedule.PlannedUntil, until).Take(MaxMissedCounted).Count() - caughtUp.Count;
        schedule.Missed += missed;
        if (missed > 0)
        {
            // Those that get runs are the latest ones.
            var last = caughtUp.Count == 0 ? latest : Latest(trigger, schedule.PlannedUntil, caughtUp[0].AddTicks(-1), 1);
            misfires.Add(new Misfire
            {
                ScheduleId = schedule.Id,
                First = trigger.Between(schedule.PlannedUntil, until).First().ToUniversalTime(),
                Last = last[^1].ToUniversalTime(),
                Count = missed,
                At = now,
            });
        }

        if (latest.Count > 0)
            LogMissed(schedule.Id, schedule.PlannedUntil, schedule.Misfire, caughtUp.Count);
        return caughtUp;
    }

    /// <summary>Finds the latest fire times in a range by searching back from its end in growing steps. A schedule that fires every second
    /// and was down for a year has 31 million fire times, of which only the last few are needed.</summary>
    private static List<DateTimeOffset> Latest(Trigger trigger, DateTimeOffset after, DateTimeOffset until, int count)
    {
        for (var step = TimeSpan.FromMinutes(2); ; step *= 8)
        {
            var isWhole = until - after <= step;
            var found = trigger.Between(isWhole ? after : until - step, until).ToList();
            if (isWhole || found.Count >= count)
                return [.. found.TakeLast(count)];
        }
    }

    /// <summary>The result of planning one schedule.</summary>
    private readonly record struct Planned(string Id, long Runs, long Missed)
    {
        public void Count()
        {
            if (Runs > 0)
                FleetMetrics.FireTimes.Add(Runs, new("schedule", Id), new("outcome", "planned"));
            if (Missed > 0)
                FleetMetrics.FireTimes.Add(Missed, new("schedule", Id), new("outcome", "missed"));
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The schedules that are due could not be planned together; each is planned alone.")]
    private partial void LogOneByOne(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Schedule {Schedule} is stopped: {Reason}")]
    private partial void LogUnreadable(string schedule, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Schedule {Schedule} missed fire times after {PlannedUntil:O}; policy {Policy} creates runs for {Count} of them.")]
    private partial void LogMissed(string schedule, DateTimeOffset plannedUntil, MisfirePolicy policy, int count);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "This machine has no data for the time zone(s) {Zones}. Schedules in these zones do not fire while this scheduler leads; "
            + "they are left unchanged for a scheduler that has the data. Install tzdata here. Next look in {Pause}.")]
    private partial void LogNoZoneData(string zones, TimeSpan pause);
}
