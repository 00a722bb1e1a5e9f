using System.Globalization;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Says in one English sentence when a trigger fires: <c>at 03:00 every day, Europe/Berlin</c>.</summary>
public static class TriggerWords
{
    // More excluded dates than this are only counted.
    private const int MaxExcluded = 3;

    /// <summary>The words. A trigger that cannot be read is shown as it was written.</summary>
    /// <param name="trigger">The definition of the trigger.</param>
    /// <param name="maxOccurrences">The number of occurrences after which the schedule stops; null for no limit.</param>
    public static string Of(TriggerSpec trigger, int? maxOccurrences = null)
    {
        if (!Trigger.TryParse(trigger, out _, out _))
            return trigger.Cron ?? trigger.Every ?? Instant(trigger.At) ?? "";
        return Calendar(trigger)
            + (trigger.Jitter is { } jitter && Durations.TryParse(jitter, out var spread) ? $", up to {Span(spread)} later" : "")
            + (trigger.StartsAt is { } start ? $", from {Instant(start)}" : "")
            + (trigger.EndsAt is { } end ? $", until {Instant(end)}" : "")
            + Excluded(trigger.Exclude)
            + maxOccurrences switch { null => "", 1 => ", once only", var most => $", at most {most} times" };
    }

    private static string Calendar(TriggerSpec trigger)
    {
        if (trigger.At is { } at)
            return $"once at {Instant(at)}";
        var period = trigger.Every;
        if (period is null && CronText.IsEvery(trigger.Cron!, out var every))
            period = every;
        if (period is not null)
        {
            return Durations.TryParse(period, out var length)
                ? $"every {Span(length, isEvery: true)}{(trigger.Anchor is { } anchor ? $", counted from {Instant(anchor)}" : "")}"
                : period;
        }

        if (!CronText.TryParse(trigger.Cron!, out var cron, out _))
            return trigger.Cron!;
        var zone = trigger.Zone ?? (CronWords.IsAnyHour(cron) ? null : "UTC");
        return CronWords.Of(cron) + (zone is null ? "" : $", {zone}");
    }

    private static string Excluded(IReadOnlyList<string>? exclude) => exclude switch
    {
        null or [] => "",
        { Count: <= MaxExcluded } => $", not on {string.Join(", ", exclude)}",
        _ => $", not on {exclude.Count} excluded dates or ranges",
    };

    private static string? Instant(DateTimeOffset? at) =>
        at?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.FFFFFF 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A length of time in whole units: <c>1 hour 30 minutes</c>; after "every", one of a unit is the unit alone.</summary>
    private static string Span(TimeSpan span, bool isEvery = false)
    {
        var seconds = (decimal)(span.Ticks % TimeSpan.TicksPerMinute / TimeSpan.TicksPerMicrosecond) / 1_000_000;
        (decimal Count, string Unit)[] parts =
            [.. new[] { (span.Days, "day"), (span.Hours, "hour"), (span.Minutes, "minute"), (seconds, "second") }.Where(p => p.Item1 != 0)];
        return isEvery && parts is [{ Count: 1 }]
            ? parts[0].Unit
            : string.Join(' ', parts.Select(p => string.Create(
                CultureInfo.InvariantCulture, $"{p.Count:0.######} {p.Unit}{(p.Count == 1 ? "" : "s")}")));
    }
}
