using System.Globalization;
using Fleet.Core.Rules;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>The fire times of another trigger between a start and an end, without excluded dates.</summary>
public sealed class BoundedTrigger : Trigger
{
    // If excluded dates rule out every fire time for this long, the trigger is taken to never fire again.
    private static readonly TimeSpan LongestGap = TimeSpan.FromDays(11 * 365);

    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private readonly Trigger _inner;
    private readonly DateTimeOffset? _startsAt;
    private readonly DateTimeOffset? _endsAt;
    private readonly ExcludedDates? _exclude;

    internal BoundedTrigger(Trigger inner, DateTimeOffset? startsAt, DateTimeOffset? endsAt, ExcludedDates? exclude)
    {
        _inner = inner;
        _startsAt = startsAt;
        _endsAt = endsAt;
        _exclude = exclude;
    }

    /// <inheritdoc/>
    public override string Kind => _inner.Kind;

    /// <inheritdoc/>
    public override string Description => _inner.Description
        + (_startsAt is { } start ? $", from {Shown(start)}" : "")
        + (_endsAt is { } end ? $", until {Shown(end)}" : "")
        + (_exclude is { } exclude ? $", not on {exclude.Description}" : "");

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        if (_startsAt is { } start && after < start)
            after = start - Tick;
        var next = _inner.Next(after);
        while (next is { } time)
        {
            switch (HurdleAt(time, out var goOn))
            {
                case FireTimeHurdle.None:
                    return time;
                case FireTimeHurdle.Excluded when goOn - after <= LongestGap:
                    next = _inner.Next(goOn - Tick);
                    break;
                default:
                    return null;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override FireTimeHurdle Judge(DateTimeOffset from, DateTimeOffset until) =>
        _inner.Next(from - Tick) is { } time && time < until ? HurdleAt(time, out _) : FireTimeHurdle.NotInCalendar;

    /// <summary>What keeps it from firing at a time of the calendar.</summary>
    /// <param name="time">The time.</param>
    /// <param name="goOn">For an excluded date: where to go on.</param>
    private FireTimeHurdle HurdleAt(DateTimeOffset time, out DateTimeOffset goOn)
    {
        goOn = time;
        if (time < _startsAt)
            return FireTimeHurdle.BeforeStart;
        if (time > _endsAt)
            return FireTimeHurdle.AfterEnd;
        if (_exclude?.EndOf(time) is not { } end)
            return FireTimeHurdle.None;
        goOn = end;
        return FireTimeHurdle.Excluded;
    }

    /// <summary>Checks start and end; null when they are valid.</summary>
    internal static InputError? Check(TriggerSpec spec) => spec.EndsAt <= spec.StartsAt
        ? RunRules.Invalid(
            "invalid_window", "endsAt", Shown(spec.EndsAt.Value), $"an instant after startsAt ({Shown(spec.StartsAt.Value)})")
        : null;

    private static string Shown(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", CultureInfo.InvariantCulture);
}
