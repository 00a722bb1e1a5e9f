namespace Fleet.Core.Schedules;

/// <summary>The clock of a time zone is moved.</summary>
/// <param name="At">The instant, to the second, in UTC.</param>
/// <param name="Before">The zone's offset from UTC until then.</param>
/// <param name="After">Its offset from then on.</param>
public readonly record struct ClockChange(DateTimeOffset At, TimeSpan Before, TimeSpan After)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>True when the clock is set back: a stretch of the wall's times is shown twice. Else a stretch is skipped.</summary>
    public bool IsBack => After < Before;

    /// <summary>How far the clock is moved; never negative.</summary>
    public TimeSpan By => (After - Before).Duration();

    /// <summary>What the wall shows, or would have shown, when the clock is moved.</summary>
    public DateTime WallBefore => At.UtcDateTime + Before;

    /// <summary>What it shows right after.</summary>
    public DateTime WallAfter => At.UtcDateTime + After;

    /// <summary>The changes of a zone in (<paramref name="after"/>, <paramref name="until"/>], in order. A zone that moves its clock and
    /// moves it back within a day is not seen to do so.</summary>
    public static IEnumerable<ClockChange> Between(TimeZoneInfo zone, DateTimeOffset after, DateTimeOffset until)
    {
        if (zone.GetAdjustmentRules().Length == 0)
            yield break;
        // Whole seconds: no zone changes in between, and the search below halves down to one.
        var (from, end) = (Seconds(after), Seconds(until));
        for (var low = from; low < end; low += (long)Day.TotalSeconds)
        {
            var high = Math.Min(low + (long)Day.TotalSeconds, end);
            if (Offset(zone, low) != Offset(zone, high))
                yield return Find(zone, low, high);
        }
    }

    private static ClockChange Find(TimeZoneInfo zone, long low, long high)
    {
        var before = Offset(zone, low);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (Offset(zone, middle) == before)
                low = middle;
            else
                high = middle;
        }

        return new ClockChange(DateTimeOffset.FromUnixTimeSeconds(high), before, Offset(zone, high));
    }

    private static long Seconds(DateTimeOffset instant) => instant.ToUnixTimeSeconds();

    private static TimeSpan Offset(TimeZoneInfo zone, long seconds) => zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(seconds));
}
