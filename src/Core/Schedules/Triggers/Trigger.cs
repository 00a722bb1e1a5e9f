using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Computes the fire times of a schedule. Immutable and thread-safe. Fire times are whole microseconds, which every database
/// stores exactly, so a stored fire time equals the planned one.</summary>
public abstract class Trigger
{
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromDays(365 * 1000);

    private protected Trigger()
    {
    }

    /// <summary><c>cron</c>, <c>interval</c> or <c>once</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Short plain text for people, such as <c>every 15 s</c> or <c>cron 0 0 * * * (Europe/Berlin)</c>.</summary>
    public abstract string Description { get; }

    /// <summary>The first fire time strictly after an instant; null when there is none. Never throws.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);

    /// <summary>What keeps it from firing at the first time of its calendar in a range.</summary>
    /// <param name="from">The start of the range, inclusive.</param>
    /// <param name="until">The end, exclusive.</param>
    public virtual FireTimeHurdle Judge(DateTimeOffset from, DateTimeOffset until) =>
        Next(from.AddTicks(-1)) < until ? FireTimeHurdle.None : FireTimeHurdle.NotInCalendar;

    /// <summary>The last fire time strictly before an instant; null when there is none. Never throws.</summary>
    public DateTimeOffset? Previous(DateTimeOffset before)
    {
        // 1. Go back in growing steps until the interval contains a fire time.
        before = before.ToUniversalTime();
        var from = before;
        for (var look = ShortestLook; !(Next(from) < before); look = look < LongestLook ? look * 8 : TimeSpan.MaxValue)
        {
            if (from == DateTimeOffset.MinValue)
                return null;
            from = before - DateTimeOffset.MinValue > look ? before - look : DateTimeOffset.MinValue;
        }

        // 2. Bisect: move forward while the rest of the interval still contains a fire time. This works because the next fire time is
        // monotonic.
        var until = before;
        while (until - from > TimeSpan.FromMicroseconds(1))
        {
            var middle = from + ((until - from) / 2);
            if (Next(middle) < before)
                from = middle;
            else
                until = middle;
        }

        return Next(from);
    }

    /// <summary>The fire times in (<paramref name="after"/>, <paramref name="until"/>], in order, computed lazily.</summary>
    public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
    {
        for (var next = Next(after); next <= until; next = Next(next.Value))
            yield return next.Value;
    }

    /// <summary>Like the other overload, without a schedule.</summary>
    public static bool TryParse(TriggerSpec spec, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error) =>
        TryParse(spec, "", out trigger, out error);

    /// <summary>Creates the trigger that a spec describes, or says which field is wrong, why, and what is allowed.</summary>
    /// <param name="spec">The caller's definition.</param>
    /// <param name="scheduleId">Seeds the delay for <see cref="TriggerSpec.Jitter"/>.</param>
    /// <param name="trigger">The trigger; set when the result is true.</param>
    /// <param name="error">The problem; set when the result is false.</param>
    public static bool TryParse(
        TriggerSpec spec, string scheduleId, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        var errors = new InputErrors();
        trigger = Parse(spec, scheduleId, errors);
        error = trigger is null ? errors.First : null;
        return trigger is not null;
    }

    /// <summary>Like the other overloads, but collects what is wrong with every field.</summary>
    /// <returns>Null if there are errors.</returns>
    public static Trigger? Parse(TriggerSpec spec, string scheduleId, InputErrors errors)
    {
        if (!IsExactlyOneGiven(spec, out var error))
            errors.Add(error);
        if (!Zones.TryFind(spec.Zone, out var zone, out var unknown))
            errors.Add(unknown);
        // The rest can be checked without the zone.
        var (zoneOrUtc, isOne) = (zone ?? TimeZoneInfo.Utc, error is null);
        Trigger? trigger = null;
        if (isOne && !TryParseCalendar(spec, zoneOrUtc, out trigger, out error))
            errors.Add(error);
        if (!isOne)
            CheckEach(spec, zoneOrUtc, errors);
        errors.Add(BoundedTrigger.Check(spec));
        ExcludedDates? exclude = null;
        if (spec.Exclude is { Count: > 0 } dates && !ExcludedDates.TryParse(dates, zoneOrUtc, out exclude, out error))
            errors.Add(error);
        var inner = trigger is null || (spec.StartsAt is null && spec.EndsAt is null && exclude is null)
            ? trigger
            : new BoundedTrigger(trigger, spec.StartsAt, spec.EndsAt, exclude);
        if (spec.Jitter is { } jitter)
        {
            var spread = inner ?? new OnceTrigger(DateTimeOffset.UnixEpoch);
            if (JitteredTrigger.TryParse(spread, jitter, scheduleId, out var jittered, out error))
                inner = jittered;
            else
                errors.Add(error);
        }

        return errors.AreNone ? inner : null;
    }

    private static bool TryParseCalendar(
        TriggerSpec spec, TimeZoneInfo zone, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        error = null;
        if (spec.At is { } at)
        {
            trigger = new OnceTrigger(at);
            return true;
        }

        if (spec.Every is { } every)
            return IntervalTrigger.TryParse("every", every, spec.Anchor, out trigger, out error);

        return CronText.IsEvery(spec.Cron!, out var period)
            ? IntervalTrigger.TryParse("cron", period, spec.Anchor, out trigger, out error)
            : CronTrigger.TryParse(spec.Cron!, zone, out trigger, out error);
    }

    /// <summary>What is wrong with each of several that are given together.</summary>
    private static void CheckEach(TriggerSpec spec, TimeZoneInfo zone, InputErrors errors)
    {
        if (spec.Cron is not null && !TryParseCalendar(new TriggerSpec { Cron = spec.Cron }, zone, out _, out var wrongCron))
            errors.Add(wrongCron);
        if (spec.Every is not null && !TryParseCalendar(new TriggerSpec { Every = spec.Every }, zone, out _, out var wrongPeriod))
            errors.Add(wrongPeriod);
    }

    private static bool IsExactlyOneGiven(TriggerSpec spec, [NotNullWhen(false)] out InputError? error)
    {
        const string allowed = "exactly one of cron, every and at";
        string?[] fields = [spec.Cron is null ? null : "cron", spec.Every is null ? null : "every", spec.At is null ? null : "at"];
        var given = fields.OfType<string>().ToArray();
        error = given.Length switch
        {
            0 => Refused("it is missing", value: null, "cron"),
            1 => null,
            _ => Refused(string.Join(" and ", given) + " are given together", string.Join(" and ", given), given[1]),
        };
        return error is null;

        // There is no member 'trigger' to point to.
        static InputError Refused(string why, string? value, string member) =>
            new("invalid_trigger", "trigger", $"trigger: {why}; allowed is {allowed}.", value, allowed)
            {
                Pointer = JsonPointer.Step(member),
            };
    }

    /// <summary>Rounds down to whole microseconds.</summary>
    internal static DateTimeOffset ToMicroseconds(DateTimeOffset instant) =>
        instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond));
}
