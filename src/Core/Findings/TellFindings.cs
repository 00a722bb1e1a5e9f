using System.Globalization;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Findings;

/// <summary>Says in sentences what is wrong. Pure functions of the evidence: the same evidence gives the same findings in the same
/// order.</summary>
public static class TellFindings
{
    /// <summary>Maximum number of findings with one code; the last one says how many more there are.</summary>
    public const int MaxPerCode = 5;

    /// <summary>A lane, or a job in it, is reported when its oldest run has been ready for this long.</summary>
    public static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(10);

    /// <summary>The broker, the leader and the outbox have this long before they are reported.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A heartbeat comes every 2.5 s; what the database's clock and a call take comes on top of the lease.
    private static readonly TimeSpan SilencePatience = TimeSpan.FromSeconds(5);

    // A handler that ignores its cancellation has this long after its timeout.
    private static readonly TimeSpan TimeoutPatience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongWithoutTimeout = TimeSpan.FromDays(1);

    /// <summary>How far two clocks may be apart.</summary>
    internal static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongDrain = TimeSpan.FromHours(1);

    /// <summary>Two versions of a program run side by side for a while when a new one is rolled out.</summary>
    private static readonly TimeSpan LongRollout = TimeSpan.FromMinutes(15);

    private const int FailuresWorthTelling = 5;

    /// <summary>A job is failing when this part of its runs fails, whatever it was the day before.</summary>
    private const double ManyFailures = 0.05;

    /// <summary>From this part on, it is failing when at least twice as many fail as the day before.</summary>
    private const double SomeFailures = 0.01;

    private const int DeadLettersWorthTelling = 20;

    /// <summary>Dead letters are not said to grow below this part of all runs.</summary>
    private const double FewDeadLetters = 0.001;

    // In the order in which they are told: what explains the others comes first.
    private static readonly Func<FindingEvidence, IEnumerable<Finding>>[] All =
    [
        NoLeader, LanesWithoutWorkers, UnplannedSchedules, MissedSchedules, UnservedJobs, UnknownJobs, LeftOverSchedules, StuckRuns,
        FailingJobs, DeadLetters, SilentWorkers, PausedLanes, DrainedWorkers, MixedVersions, FullLanes, OutboxLags, ParkedMessages, Clocks,
    ];

    /// <summary>All findings, errors first.</summary>
    public static IReadOnlyList<Finding> Execute(FindingEvidence evidence) =>
        [.. All.SelectMany(tell => Bound([.. tell(evidence)])).OrderBy(f => f.Severity)];

    /// <summary>The database or the broker is away, or not well.</summary>
    /// <param name="components">Those that are not well, each with what is wrong.</param>
    public static IEnumerable<Finding> OfComponents(IEnumerable<(string Name, bool IsDown, string Description)> components) =>
        from c in components
        orderby c.Name
        select new Finding(
            c.IsDown ? FindingSeverity.Error : FindingSeverity.Warning, $"{c.Name}_{(c.IsDown ? "down" : "degraded")}", c.Name,
            $"The {c.Name} is {(c.IsDown ? "down" : "not well")}: {c.Description.TrimEnd('.')}.", null, null,
            c.Name == "broker"
                ? "Check the broker. Runs are kept in the database, and start when it is back."
                : "Check the database. Nothing is accepted until it is back.");

    /// <summary>Nobody leads.</summary>
    public static IEnumerable<Finding> NoLeader(FindingEvidence e)
    {
        if (e.Figures.Leader is not null || e.Now - e.LastLeaderUntil < Patience)
            yield break;
        yield return new Finding(
            FindingSeverity.Error, "no_leader", "",
            $"No scheduler leads{Since(e, e.LastLeaderUntil)}: schedules do not fire, and delayed runs do not start.", e.LastLeaderUntil,
            null, "Start a scheduler, or look into the log of the one that should lead.");
    }

    /// <summary>Runs are ready in a lane that no active worker serves.</summary>
    public static IEnumerable<Finding> LanesWithoutWorkers(FindingEvidence e) =>
        from lane in e.Figures.Lanes
        where lane.Pause is null && lane.Slots == 0 && lane.OldestReadyAt is { } oldest && e.Now - oldest >= ReadyPatience
        let since = e.LastServed.TryGetValue(lane.Name, out var at) ? at : (DateTimeOffset?)null
        select new Finding(
            FindingSeverity.Error, "lane_without_worker", lane.Name,
            $"Lane {lane.Name}: {Runs(lane.Ready)} ready, "
                + (since is { } last ? $"no worker since {Clock(e, last)}." : "and no worker serves it."),
            since ?? lane.OldestReadyAt, "lanes", $"Start a worker with Fleet:Worker:Lanes:{lane.Name}.");

    /// <summary>Runs are ready in a lane that somebody paused.</summary>
    public static IEnumerable<Finding> PausedLanes(FindingEvidence e) =>
        from lane in e.Figures.Lanes
        where lane.Pause is not null && lane.OldestReadyAt is { } oldest && e.Now - oldest >= ReadyPatience
        let who = lane.Pause!.By is { } name ? $" by {name}" : ""
        let because = lane.Pause!.Reason is { Length: > 0 } why ? $" ({FirstLine(why)})" : ""
        select new Finding(
            FindingSeverity.Warning, "lane_paused", lane.Name,
            $"Lane {lane.Name}: {Runs(lane.Ready)} ready, but it is paused{who} since {Clock(e, lane.Pause!.Since)}{because}.",
            lane.Pause!.Since, $"lanes/{lane.Name}", $"Resume it when the reason is gone: fleet lane resume {lane.Name}.");

    /// <summary>Workers that somebody asked to take nothing new, long ago.</summary>
    public static IEnumerable<Finding> DrainedWorkers(FindingEvidence e) =>
        from worker in e.Figures.Workers
        where worker.DrainSince is { } since && e.Now - since >= LongDrain
        orderby worker.Name
        select new Finding(
            FindingSeverity.Warning, "worker_drained", worker.Name,
            $"Worker {worker.Name} has taken no new runs since {Clock(e, worker.DrainSince!.Value)}, because somebody asked it to drain.",
            worker.DrainSince, "workers", "Stop it, or let it take runs again.");

    /// <summary>A lane's workers have no slot free, and its runs wait for long.</summary>
    public static IEnumerable<Finding> FullLanes(FindingEvidence e) =>
        from lane in e.Figures.Lanes
        where lane.Slots > 0 && lane.Running.Value >= lane.Slots && lane.OldestReadyAt is { } oldest && e.Now - oldest >= Patience * 10
        select new Finding(
            FindingSeverity.Warning, "lane_behind", lane.Name,
            $"Lane {lane.Name}: {Runs(lane.Ready)} ready, the oldest since {Clock(e, lane.OldestReadyAt!.Value)}; "
                + $"all {lane.Slots} slots are in use.",
            lane.OldestReadyAt, "lanes", "Start more workers for this lane, or give them more slots.");

    /// <summary>Runs are ready in a lane whose workers do not offer their job.</summary>
    public static IEnumerable<Finding> UnservedJobs(FindingEvidence e) =>
        from ready in e.Ready
        where e.Offered.TryGetValue(ready.Lane, out var jobs) && !jobs.Contains(ready.Job) && e.Now - ready.Oldest >= ReadyPatience
        orderby ready.Lane, ready.Job
        select new Finding(
            FindingSeverity.Error, "job_unserved", $"{ready.Lane} {ready.Job}",
            $"Job {ready.Job}: {Runs(ready.Count)} ready in lane {ready.Lane} since {Clock(e, ready.Oldest)}, "
                + "and none of its workers has this job.",
            ready.Oldest, $"jobs/{Uri.EscapeDataString(ready.Job)}",
            $"Start a worker of lane {ready.Lane} with a program that has the job.");

    /// <summary>Schedules of jobs that nobody knows.</summary>
    public static IEnumerable<Finding> UnknownJobs(FindingEvidence e) =>
        from unknown in e.UnknownJobs
        orderby unknown.Job
        select new Finding(
            FindingSeverity.Warning, "schedule_of_unknown_job", unknown.Job,
            (unknown.Schedules == 1 ? $"Schedule {unknown.First} fires" : $"{unknown.Schedules} schedules, such as {unknown.First}, fire")
                + $" job {unknown.Job}, which no worker offers now.",
            null, $"schedules/{Uri.EscapeDataString(unknown.First)}",
            "Start a worker that has the job, or delete what is not needed any more.");

    /// <summary>Runs that execute beyond their timeout, or for longer than a day.</summary>
    public static IEnumerable<Finding> StuckRuns(FindingEvidence e) =>
        from run in e.Longest
        let took = e.Now - run.StartedAt
        where took > (run.Timeout + TimeoutPatience ?? LongWithoutTimeout)
        orderby run.StartedAt, run.Id
        select new Finding(
            run.Timeout is null ? FindingSeverity.Warning : FindingSeverity.Error, "run_stuck", run.Id.ToString(),
            $"Run {run.Id} of job {run.Job} has executed for {Span(took)}"
                + (run.Timeout is { } limit ? $"; its timeout is {Span(limit)}." : "."),
            run.StartedAt, $"runs/{run.Id}",
            "Its handler does not heed its cancellation token. Restart its worker; the run is then started elsewhere.");

    /// <summary>Jobs of which many runs fail, or more than the day before. A few of very many are no finding.</summary>
    public static IEnumerable<Finding> FailingJobs(FindingEvidence e) =>
        from job in e.Failing
        where job.Count.Value >= FailuresWorthTelling && IsFailing(job)
        orderby job.Count.Value descending, job.Job
        let all = job is { Ended: { } ended, Share: { } share }
            ? $" of {Number(Math.Max(ended.All, job.Count.Value))} runs ({Percent(share)}) failed in the last hour"
            : " runs failed in the last hour"
        let before = job.EndedBefore is { All: > 0 } day ? $", {Percent(day.Share)} in the same hour of the day before" : ""
        select new Finding(
            FindingSeverity.Warning, "job_failing", job.Job,
            $"Job {job.Job}: {Number(job.Count)}{all}{before}, the first at {Clock(e, job.First)}"
                + (job.Error is { Length: > 0 } error ? $"; the last error: {FirstLine(error)}" : "."),
            job.First, $"runs?q={Uri.EscapeDataString($"state:failed job:{job.Job} since:1h")}",
            "Look at the errors, mend the cause, and replay the runs.");

    /// <summary>Far more runs fail for good than the day before, over all jobs.</summary>
    public static IEnumerable<Finding> DeadLetters(FindingEvidence e)
    {
        if (e is not { Ended: { } now, EndedBefore: { } before } || now.Failed < DeadLettersWorthTelling
            || now.Share < FewDeadLetters || now.Failed < 2 * before.Failed)
            yield break;
        DateTimeOffset? since = e.Failing.Count > 0 ? e.Failing.Min(f => f.First) : null;
        yield return new Finding(
            FindingSeverity.Warning, "dead_letters_growing", "",
            $"Dead letters grow: {Number(now.Failed)} runs failed for good in the last hour, {Number(before.Failed)} in the same hour of "
                + $"the day before. There are {Number(e.Figures.Failed)} now.",
            since, "dead-letters",
            "Look at the errors (fleet dead list), mend the cause, and replay the runs.");
    }

    /// <summary>Schedules that a program has defined, and does not define any more.</summary>
    public static IEnumerable<Finding> LeftOverSchedules(FindingEvidence e) =>
        from left in e.LeftOver
        let id = left.Schedule.Id
        orderby id
        select new Finding(
            FindingSeverity.Warning, "schedule_left_over", id,
            $"Schedule {id} goes on firing, although the program that put it from its {left.Schedule.Source} at "
                + $"{Clock(e, left.Schedule.PutAt)} no longer defines it ({left.Schedule.By.Name}).",
            left.NoticedAt, $"schedules/{Uri.EscapeDataString(id)}",
            $"Define it again, or delete it unless another program needs it: fleet schedule delete {id}.");

    /// <summary>Active workers of one program that run different versions of it, for longer than a rollout takes.</summary>
    public static IEnumerable<Finding> MixedVersions(FindingEvidence e) =>
        from program in e.Figures.Workers.Where(w => w.State == WorkerState.Active && w.Version.Length > 0)
            .GroupBy(w => w.Program, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
        let versions = program.GroupBy(w => w.Version, StringComparer.Ordinal)
            .Select(v => (Version: v.Key, Since: v.Min(w => w.StartedAt), Workers: v.Select(w => w.Name).Order(StringComparer.Ordinal)))
            .OrderByDescending(v => v.Since).ThenBy(v => v.Version, StringComparer.Ordinal).ToList()
        where versions.Count > 1 && e.Now - versions[0].Since >= LongRollout
        select new Finding(
            FindingSeverity.Warning, "worker_version_differs", program.Key,
            $"Workers of {program.Key} have run {versions.Count} versions side by side since {Clock(e, versions[0].Since)}: "
                + string.Join(", ", versions.Select(v => $"{v.Version} ({Who([.. v.Workers])})")) + ".",
            versions[0].Since, "workers", "Restart the workers that run the older version, or stop them.");

    private static bool IsFailing(FailingJob job) => job.Share is not { } share || share >= ManyFailures
        || (share >= SomeFailures && share >= 2 * (job.EndedBefore?.Share ?? 0));

    /// <summary>Schedules that should have fired.</summary>
    public static IEnumerable<Finding> UnplannedSchedules(FindingEvidence e) =>
        from schedule in e.Figures.Leader is null ? [] : e.Unplanned
        where e.Now - schedule.FireTime >= Patience
        orderby schedule.FireTime, schedule.Id
        select new Finding(
            FindingSeverity.Error, "schedule_late", schedule.Id,
            $"Schedule {schedule.Id} has no run for {Clock(e, schedule.FireTime)}, though a scheduler leads.", schedule.FireTime,
            $"schedules/{Uri.EscapeDataString(schedule.Id)}", "Look into the log of the scheduler that leads.");

    /// <summary>Schedules with fire times that got no run, because no scheduler was there to plan them.</summary>
    public static IEnumerable<Finding> MissedSchedules(FindingEvidence e) =>
        from missed in e.Missed
        orderby missed.Last descending, missed.Schedule
        select new Finding(
            FindingSeverity.Warning, "schedule_missed", missed.Schedule,
            $"Schedule {missed.Schedule} missed "
                + (missed.Count == 1 ? Clock(e, missed.First)
                    : $"{Number(missed.Count)} fire times from {Clock(e, missed.First)} to {Clock(e, missed.Last)}")
                + $"; no scheduler planned it until {Clock(e, missed.NoticedAt)}.",
            missed.First, $"schedules/{Uri.EscapeDataString(missed.Schedule)}",
            $"If the runs are still wanted: fleet schedule backfill {missed.Schedule}.");

    /// <summary>Workers whose lease has ended and that nobody declared gone.</summary>
    public static IEnumerable<Finding> SilentWorkers(FindingEvidence e) =>
        from worker in e.Figures.Workers
        where e.Now + e.DatabaseAhead - worker.LeaseUntil > SilencePatience
        orderby worker.Name
        select new Finding(
            FindingSeverity.Warning, "worker_silent", worker.Name,
            $"Worker {worker.Name} has been silent since {Clock(e, worker.HeartbeatAt)}.", worker.HeartbeatAt, "workers",
            "The leader takes its runs back. If its process is alive, look for a database that it cannot reach.");

    /// <summary>Events that are not sent.</summary>
    public static IEnumerable<Finding> OutboxLags(FindingEvidence e)
    {
        if (e.Outbox is not { } outbox || e.Now - outbox.Oldest < Patience)
            yield break;
        yield return new Finding(
            FindingSeverity.Warning, "outbox_late", "",
            $"{Number(outbox.Count)} events wait to be sent, the oldest since {Clock(e, outbox.Oldest)}"
                + (outbox.Failures > 0 ? $"; one has failed {outbox.Failures} times." : "."),
            outbox.Oldest, null, "Look at the broker and at the log of the process that sends them.");
    }

    /// <summary>Messages that Fleet could not use.</summary>
    public static IEnumerable<Finding> ParkedMessages(FindingEvidence e)
    {
        if (e.Parked is > 0 and var parked)
        {
            yield return new Finding(
                FindingSeverity.Warning, "messages_parked", "",
                parked == 1 ? "1 message could not be used; it lies in the queue fleet.parked."
                    : $"{Number(parked)} messages could not be used; they lie in the queue fleet.parked.",
                null, null, "Their headers say why. Mend whoever sent them, then delete or move them.");
        }
    }

    /// <summary>The clock of this process and that of the database.</summary>
    public static IEnumerable<Finding> Clocks(FindingEvidence e)
    {
        if (e.DatabaseAhead.Duration() > ClockTolerance)
        {
            yield return new Finding(
                FindingSeverity.Warning, "clocks_differ", "",
                $"The clock of the database is {Span(e.DatabaseAhead.Duration())} "
                    + $"{(e.DatabaseAhead > TimeSpan.Zero ? "ahead of" : "behind")} that of this server.",
                null, null, "Let a time service set the clocks of all machines.");
        }
    }

    private static IEnumerable<Finding> Bound(List<Finding> found)
    {
        if (found.Count <= MaxPerCode)
            return found;
        var rest = found.Count - MaxPerCode + 1;
        return found.Take(MaxPerCode - 1).Append(found[MaxPerCode - 1] with
        {
            Subject = "",
            Sentence = $"There are {rest} more findings of this kind ({found[MaxPerCode - 1].Code}).",
            Since = found.Skip(MaxPerCode - 1).Min(f => f.Since),
            Link = null,
        });
    }

    private static string Since(FindingEvidence e, DateTimeOffset? at) => at is { } known ? $" since {Clock(e, known)}" : "";

    /// <summary>A time of today without its date.</summary>
    private static string Clock(FindingEvidence e, DateTimeOffset at) => at.ToUniversalTime().ToString(
        at.UtcDateTime.Date == e.Now.UtcDateTime.Date ? "HH:mm 'UTC'" : "yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Runs(CappedCount count) => count is { Value: 1, IsAtLeast: false } ? "1 run is" : $"{Number(count)} runs are";

    private static string Who(IReadOnlyList<string> workers) => workers.Count == 1 ? workers[0] : $"{workers.Count} workers";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");

    private static string Number(CappedCount count) => (count.IsAtLeast ? "at least " : "") + Number(count.Value);

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string FirstLine(string error)
    {
        var line = error.Split('\n')[0].Trim();
        return line.Length > 120 ? line[..119] + "…" : line;
    }

    private static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => $"{(int)span.TotalDays} d {span.Hours} h",
        { TotalHours: >= 1 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } => $"{(int)span.TotalMinutes} min",
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s"),
    };
}
