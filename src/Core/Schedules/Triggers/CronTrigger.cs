using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Fires by the calendar and the clock on the wall of a time zone. Cronos knows the calendar, <see cref="WallClock"/>
/// the zone.</summary>
public sealed class CronTrigger : Trigger
{
    // Any 400 years hold every date there is, and no year field names an earlier one: what does not fire from here on never fires.
    private static readonly DateTime Start = new DateTime(CronField.FirstYear, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(-1);

    private readonly CronText _text;
    private readonly CronExpression _calendar;
    private readonly WallClock _clock;

    private CronTrigger(CronText text, CronExpression calendar, TimeZoneInfo zone)
    {
        _text = text;
        _calendar = calendar;
        _clock = new WallClock(zone);
        Zone = zone;
    }

    /// <summary>The time zone that the expression is read in.</summary>
    public TimeZoneInfo Zone { get; }

    /// <inheritdoc/>
    public override string Kind => "cron";

    /// <inheritdoc/>
    public override string Description => $"cron {_text.Written} ({Zone.Id})";

    /// <inheritdoc/>
    /// <remarks>In the zone's offset. A time of day that the clock skips in spring fires when the clock has jumped. In the
    /// hour that the clock repeats in autumn, times of day (<c>30 2 * * *</c>) fire in the first pass only, and expressions
    /// with a <c>*</c>, range or step in the second, minute or hour (<c>*/15 * * * *</c>) fire in both. Null from the year
    /// 9999 on.</remarks>
    public override DateTimeOffset? Next(DateTimeOffset after) => _clock.Next(after, NextOnCalendar, _text.IsInterval);

    internal static bool TryParse(
        string text, TimeZoneInfo zone, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        if (!CronText.TryParse(text, out var cron, out error))
            return false;

        CronExpression calendar;
        var format = cron.HasSeconds ? CronFormat.IncludeSeconds : CronFormat.Standard;
        try
        {
            calendar = CronExpression.Parse(string.Join(' ', cron.Fields), format);
        }
        catch (CronFormatException e)
        {
            // Our own check is meant to be as strict as Cronos's; this is for the day they differ.
            error = CronText.Refuse(text, $"'{Shown.Of(text)}' is refused ({Shown.Of(e.Message)})", "what the calendar library reads");
            return false;
        }

        var parsed = new CronTrigger(cron, calendar, zone);
        if (parsed.NextOnCalendar(Start) is null)
        {
            error = CronText.Refuse(
                text, $"'{Shown.Of(text)}' never fires, because no date matches it", "an expression that matches a date", "never_fires");
            return false;
        }

        trigger = parsed;
        return true;
    }

    /// <summary>The next time on the wall strictly after another one.</summary>
    private DateTime? NextOnCalendar(DateTime wall)
    {
        var after = DateTime.SpecifyKind(wall, DateTimeKind.Utc);
        while (true)
        {
            var next = _calendar.GetNextOccurrence(after);
            if (next is null || _text.Years is not { } years || years.Contains(next.Value.Year))
                return next;
            if (years.After(next.Value.Year) is not { } year)
                return null;
            after = new DateTime(year, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(-1);
        }
    }
}
