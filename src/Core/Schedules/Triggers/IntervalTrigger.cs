using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Fires at <c>anchor + k × period</c> for every whole k, including negative ones. The anchor sets the phase of the fire times,
/// not their start. Restarts and pauses do not shift them.</summary>
public sealed class IntervalTrigger : Trigger
{
    private const string AllowedPeriod = "1 s to 3650 days, written as " + Durations.Allowed;

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    private IntervalTrigger(TimeSpan period, DateTimeOffset anchor)
    {
        Period = new TimeSpan(period.Ticks - (period.Ticks % TimeSpan.TicksPerMicrosecond));
        Anchor = ToMicroseconds(anchor.ToUniversalTime());
    }

    /// <summary>The period.</summary>
    public TimeSpan Period { get; }

    /// <summary>One of the fire times, in UTC; all others are whole periods away.</summary>
    public DateTimeOffset Anchor { get; }

    /// <inheritdoc/>
    public override string Kind => "interval";

    /// <inheritdoc/>
    public override string Description
    {
        get
        {
            var seconds = (decimal)(Period.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond;
            (decimal Count, string Unit)[] parts = [(Period.Days, "d"), (Period.Hours, "h"), (Period.Minutes, "min"), (seconds, "s")];
            return "every " + string.Join(' ', parts
                .Where(part => part.Count != 0)
                .Select(part => part.Count.ToString("0.######", CultureInfo.InvariantCulture) + " " + part.Unit));
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        // Integer division that also rounds down before the anchor. It cannot overflow, because ticks use less than half of a long.
        var since = after.UtcTicks - Anchor.UtcTicks;
        var intoPeriod = ((since % Period.Ticks) + Period.Ticks) % Period.Ticks;
        var next = after.UtcTicks - intoPeriod + Period.Ticks;
        return next <= DateTime.MaxValue.Ticks ? new DateTimeOffset(next, TimeSpan.Zero) : null;
    }

    /// <summary>Creates the trigger. Errors name the field that holds the period: <c>every</c>, or <c>cron</c> for <c>@every
    /// 15s</c>.</summary>
    internal static bool TryParse(
        string field, string text, DateTimeOffset? anchor,
        [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        error = null;
        var problem = !Durations.TryParse(text, out var period) ? "is not a duration"
            : period < TimeSpan.Zero ? "is negative"
            : period < Shortest ? "is too short"
            : period > Longest ? "is too long"
            : null;

        if (problem is not null)
        {
            var value = Shown.Of(text);
            error = new InputError(
                $"invalid_{field}", field, $"{field}: the period '{value}' {problem}; allowed is {AllowedPeriod}.", value, AllowedPeriod);
            return false;
        }

        trigger = new IntervalTrigger(period, anchor ?? DateTimeOffset.UnixEpoch);
        return true;
    }
}
