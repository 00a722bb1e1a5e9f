using System.Globalization;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using static Fleet.Core.Explain.Spoken;

namespace Fleet.Core.Explain;

/// <summary>Why a fire time has no run, by the schedule as it is now. What it was before its last change is not stored, and the sentences
/// say so.</summary>
internal sealed class TellOccurrence(string id, DateTimeOffset at, DateTimeOffset now)
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    /// <summary>A fire time this much after the instant is meant, too: people write whole seconds, and fire times with jitter have
    /// milliseconds.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private Evidence[] Row => [Evidence.OfSchedule(id)];

    public static Explanation Explain(
        string id, DateTimeOffset at, DateTimeOffset now, IReadOnlyList<Run> revoked, OccurrenceFacts? facts)
    {
        var tell = new TellOccurrence(id, at, now);
        List<Sentence> history = [.. revoked.Select(tell.OfRevoked)];
        List<Sentence> reasons = facts is null
            ? [new(SentenceCode.ScheduleDeleted, $"Schedule '{id}' is not stored any more; who deleted it is in the log of the scheduler.",
                null, [])]
            : [.. tell.Why(facts)];
        if (reasons.Count == 0 && history.Count == 0)
        {
            reasons.Add(new(
                SentenceCode.Unknown, $"Nothing that is stored says why schedule '{id}' has no run for {tell.Time(at)}.", null, tell.Row));
        }

        var state = reasons.Exists(r => r.Code == SentenceCode.NotYetPlanned) ? "comesLater" : "noRun";
        return new Explanation(
            string.Join(' ', history.Concat(reasons).Select(s => s.Text)), history, new ExplainedNow(state, null, reasons));
    }

    private string Time(DateTimeOffset instant) => At(instant, now);

    private Sentence OfRevoked(Run run)
    {
        var when = run.FinishedAt is { } finished ? $" at {Time(finished)}" : "";
        return new(
            SentenceCode.OccurrenceRevoked,
            $"A run was planned for {Time(at)}, and {Who(run.CanceledBy)} made a change that revoked it{when}: {Reason(run)}.",
            run.FinishedAt, [Evidence.OfRun(run.Id)]);
    }

    /// <summary>The stored reason begins with a word for people who read it without a sentence around it.</summary>
    private static string Reason(Run run) =>
        Quoted(run.Error?.Split(": ", 2) is [_, var reason] ? reason : run.Error ?? "why is not stored");

    private IEnumerable<Sentence> Why(OccurrenceFacts facts)
    {
        var schedule = facts.Schedule;
        if (!schedule.TryParseTrigger(out var trigger, out var error))
        {
            yield return new(
                SentenceCode.UnreadableTrigger, $"The trigger of schedule '{id}' cannot be read here: {Quoted(error.Message)}.", null, Row);
            yield break;
        }

        var fireTime = trigger.Next(at - Tick) is { } next && next < at + Tolerance ? next : (DateTimeOffset?)null;
        if (fireTime is null)
        {
            foreach (var sentence in NoFireTime(schedule, trigger))
                yield return sentence;
        }
        else if (fireTime > now)
        {
            yield return ToCome(schedule, fireTime.Value);
        }
        else
        {
            foreach (var sentence in Passed(facts, fireTime.Value))
                yield return sentence;
        }

        var isChange = schedule.UpdatedAt > at && schedule.UpdatedAt != schedule.StatusSince && schedule.UpdatedAt != schedule.CreatedAt;
        if (isChange)
        {
            yield return new(
                SentenceCode.DefinitionChanged,
                $"Schedule '{id}' was changed at {Time(schedule.UpdatedAt)}, after that time. What it said before is not stored.",
                schedule.UpdatedAt, Row);
        }
    }

    /// <summary>The trigger does not fire at this instant.</summary>
    private IEnumerable<Sentence> NoFireTime(Schedule schedule, Trigger trigger)
    {
        switch (trigger.Judge(at, at + Tolerance))
        {
            case FireTimeHurdle.BeforeStart:
                yield return new(
                    SentenceCode.BeforeStart,
                    $"Schedule '{id}' fires from {Time(schedule.StartsAt!.Value)} on (startsAt), and {Time(at)} is before that.",
                    schedule.StartsAt, Row);
                yield break;
            case FireTimeHurdle.AfterEnd:
                yield return new(
                    SentenceCode.AfterEnd,
                    $"Schedule '{id}' fires until {Time(schedule.EndsAt!.Value)} (endsAt), and {Time(at)} is after that.", schedule.EndsAt,
                    Row);
                yield break;
            case FireTimeHurdle.Excluded:
                yield return new(
                    SentenceCode.ExcludedDate,
                    $"The date of {Local(schedule, at)} is excluded (exclude), so schedule '{id}' does not fire.",
                    null, Row);
                yield break;
        }

        if (ClockEffect(schedule, trigger) is { } effect)
        {
            yield return new(
                effect.Kind == ClockEffectKind.Skipped ? SentenceCode.ClockSkips : SentenceCode.ClockRepeats,
                $"On that day {effect.Description} ({schedule.Zone}).", effect.Change.At, Row);
            yield break;
        }

        var (before, after) = (trigger.Previous(at), trigger.Next(at));
        var near = (before, after) switch
        {
            ({ } b, { } a) => $"The fire times around it are {Time(b)} and {Time(a)}.",
            ({ } b, null) => $"The last fire time before it is {Time(b)}, and there is none after it.",
            (null, { } a) => $"The first fire time after it is {Time(a)}.",
            _ => "It has no fire times near it.",
        };
        yield return new(SentenceCode.NotAFireTime, $"{Time(at)} is no fire time of schedule '{id}'. {near}", null, Row);
    }

    /// <summary>A change of the clock within hours that moves or repeats a fire time.</summary>
    private ClockEffect? ClockEffect(Schedule schedule, Trigger trigger)
    {
        var range = new PreviewRange(at - TimeSpan.FromHours(3), at + TimeSpan.FromHours(3));
        return ClockEffects.Summarize(trigger, schedule.CronOnTheClock, schedule.Zone, range)
            .FirstOrDefault(e => e.Kind is ClockEffectKind.Skipped or ClockEffectKind.Once);
    }

    private Sentence ToCome(Schedule schedule, DateTimeOffset fireTime)
    {
        if (Halted(schedule, fireTime) is { } halted)
            return halted;
        return schedule.OccurrencesLeft == 0
            ? Used(schedule)
            : new(
                SentenceCode.NotYetPlanned,
                $"It comes {FromNow(fireTime, now)}, at {Time(fireTime)}; its run is planned shortly before that.", fireTime, Row);
    }

    private IEnumerable<Sentence> Passed(OccurrenceFacts facts, DateTimeOffset fireTime)
    {
        var schedule = facts.Schedule;
        if (fireTime <= schedule.CreatedAt)
        {
            yield return new(
                SentenceCode.BeforeCreation,
                $"Schedule '{id}' was created at {Time(schedule.CreatedAt)}, {Span(schedule.CreatedAt - fireTime)} after that time.",
                schedule.CreatedAt, Row);
            yield break;
        }

        if (Halted(schedule, fireTime) is { } halted)
        {
            yield return halted;
            yield break;
        }

        if (schedule.OccurrencesLeft == 0 && !(fireTime <= schedule.LastFireTime))
        {
            yield return Used(schedule);
            yield break;
        }

        if (fireTime > schedule.PlannedUntil)
        {
            yield return new(
                SentenceCode.PlanningLate, $"Schedule '{id}' is planned only up to {Time(schedule.PlannedUntil)}. {Leader(facts)}",
                schedule.PlannedUntil, facts.Leader is { } lease ? [.. Row, Evidence.OfLease(lease.Name)] : Row);
            yield break;
        }

        if (facts.Misfire is { } misfire && misfire.First <= fireTime && fireTime <= misfire.Last)
        {
            yield return Missed(schedule, fireTime, misfire);
            yield break;
        }

        var wasHalted = schedule.StatusSince is { } since && since >= fireTime && schedule.StatusOf(now) == ScheduleStatus.Running;
        if (wasHalted)
        {
            yield return new(
                SentenceCode.ScheduleWasHalted,
                $"Schedule '{id}' was started at {Time(schedule.StatusSince!.Value)} by {Name(schedule)}; before that it was paused or "
                    + "stopped, and fire times that pass meanwhile get no run. When that began is not stored.",
                schedule.StatusSince, Row);
        }
        else if (facts.Next is { } next && MisfireRule.IsMissed(next.FireTime, next.PlannedAt))
        {
            // A run that was planned too late shows that nobody planned in the time before it.
            yield return Missed(schedule, fireTime, next);
            yield break;
        }
        else if (schedule.Missed > facts.MissedStored)
        {
            yield return new(
                SentenceCode.Missed,
                $"Schedule '{id}' has missed {Count(schedule.Missed, "fire time")} so far: no scheduler planned "
                    + $"{(schedule.Missed == 1 ? "it" : "them")} in time, and the misfire policy '{Policy(schedule)}' made no run. Which "
                    + "ones is not stored any more; this may be one of them.",
                null, Row);
        }

        if (fireTime < facts.Oldest)
        {
            yield return new(
                SentenceCode.MaybePruned,
                $"The oldest run of schedule '{id}' that is stored has the fire time {Time(facts.Oldest.Value)}. Older ones are deleted "
                    + "some days after their end, so there may have been one for this fire time.",
                facts.Oldest, Row);
        }
    }

    /// <summary>The scheduler that noticed has stored it.</summary>
    private Sentence Missed(Schedule schedule, DateTimeOffset fireTime, Misfire misfire)
    {
        var others = misfire.Count > 1
            ? $" {Count(misfire.Count, "fire time")} from {Time(misfire.First)} to {Time(misfire.Last)} were missed together."
            : "";
        var begin = $"No scheduler planned it in time: when one noticed at {Time(misfire.At)}, it had been missed by "
            + $"{Span(misfire.At - fireTime)}.{others}";
        Evidence[] rows = [Evidence.OfMisfire(misfire), .. Row];
        return Missed(begin, schedule, fireTime, misfire.At, rows);
    }

    private Sentence Missed(Schedule schedule, DateTimeOffset fireTime, PlannedRun next)
    {
        var begin = $"No scheduler planned it before {Time(next.PlannedAt)}, when the run for {Time(next.FireTime)} was planned: by then "
            + $"it had been missed by {Span(next.PlannedAt - fireTime)}.";
        return Missed(begin, schedule, fireTime, next.PlannedAt, [.. Row, Evidence.OfRun(next.Id)]);
    }

    private static Sentence Missed(string begin, Schedule schedule, DateTimeOffset fireTime, DateTimeOffset noticedAt, Evidence[] rows) =>
        MisfireRule.IsTooOld(schedule, fireTime, noticedAt)
            ? new(
                SentenceCode.MissedDeadline,
                $"{begin} That is more than the misfire deadline of {schedule.MisfireDeadline}, so it gets no run.", noticedAt, rows)
            : new(SentenceCode.Missed, $"{begin} Its misfire policy is '{Policy(schedule)}', so it gets no run.", noticedAt, rows);

    /// <summary>The schedule does not fire at this time, because it is paused or stopped.</summary>
    private Sentence? Halted(Schedule schedule, DateTimeOffset fireTime)
    {
        if (schedule.Status == ScheduleStatus.Running || schedule.StatusSince > fireTime || schedule.ResumeAt < fireTime)
            return null;
        // One that Fleet stopped is over: the trigger itself says why.
        if (schedule.HasEnded && fireTime <= schedule.LastFireTime)
            return null;
        var since = schedule.StatusSince is { } at ? $" at {Time(at)} by {Name(schedule)}" : "";
        var reason = schedule.StatusReason is { Length: > 0 } text ? $": {Quoted(text)}" : "";
        var until = schedule.ResumeAt is { } resume ? $" until {Time(resume)}" : "";
        return schedule.Status == ScheduleStatus.Paused
            ? new(SentenceCode.SchedulePaused, $"Schedule '{id}' was paused{since}{until}{reason}.", schedule.StatusSince, Row)
            : schedule is { HasEnded: true, OccurrencesLeft: 0 } ? Used(schedule)
            : new(SentenceCode.ScheduleStopped, $"Schedule '{id}' was stopped{since}{reason}.", schedule.StatusSince, Row);
    }

    private static string Policy(Schedule schedule) => schedule.Misfire switch
    {
        MisfirePolicy.Skip => "skip",
        MisfirePolicy.RunLatest => "runLatest",
        _ => "runAll",
    };

    private static string Name(Schedule schedule) => schedule.StatusBy?.ToString() ?? "somebody whose name is not stored";

    private Sentence Used(Schedule schedule)
    {
        var last = schedule.LastFireTime is { } fired ? $" The last fire time was {Time(fired)}." : "";
        return new(
            SentenceCode.OccurrencesUsed,
            $"Schedule '{id}' has used its {Count(schedule.MaxOccurrences ?? 0, "occurrence")} (maxOccurrences).{last}",
            schedule.LastFireTime, Row);
    }

    private string Leader(OccurrenceFacts facts) => facts.Leader switch
    {
        { } lease when lease.ExpiresAt > facts.Clock => "The leading scheduler has not planned it yet.",
        { ExpiresAt: var expired } when expired > DateTimeOffset.UnixEpoch =>
            $"No scheduler leads since {Time(expired)}, {FromNow(expired, facts.Clock)}.",
        { } => "No scheduler leads; the last one stopped cleanly.",
        null => "No scheduler has ever led this fleet.",
    };

    /// <summary>The date as the calendar of the schedule sees it.</summary>
    private string Local(Schedule schedule, DateTimeOffset instant)
    {
        if (schedule.Zone is not { } name || !Zones.TryFind(name, out var zone, out _))
            return Time(instant);
        return $"{TimeZoneInfo.ConvertTime(instant, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} ({name})";
    }
}
