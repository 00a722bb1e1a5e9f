using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Fires at local times of a time zone. Cronos evaluates the expression; <see cref="WallClock"/> converts to the zone.</summary>
public sealed class CronTrigger : Trigger
{
    // The calendar repeats every 400 years, and no year field accepts an earlier year. An expression that does not fire after this instant
    // never fires.
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

    /// <summary>The time zone of the expression.</summary>
    public TimeZoneInfo Zone { get; }

    /// <inheritdoc/>
    public override string Kind => "cron";

    /// <inheritdoc/>
    public override string Description => $"cron {_text.Written} ({Zone.Id})";

    /// <inheritdoc/>
    /// <remarks>With the zone's offset. A local time that is skipped when the clock is set forward fires right after the change. In the
    /// hour that occurs twice, times of day (<c>30 2 * * *</c>) fire only the first time, and expressions with a <c>*</c>, range or step in
    /// the second, minute or hour (<c>*/15 * * * *</c>) fire both times. Null from the year 9999 on.</remarks>
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
            // Fleet's own check is meant to be as strict as Cronos. This handles any difference.
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

    /// <summary>The next local time strictly after another one.</summary>
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
