namespace Fleet.Core.Schedules.Preview;

/// <summary>A change of a time zone's UTC offset, such as the start of daylight saving time.</summary>
/// <param name="At">The instant of the change, to the second, in UTC.</param>
/// <param name="Before">The offset before the change.</param>
/// <param name="After">The offset after the change.</param>
public readonly record struct ClockChange(DateTimeOffset At, TimeSpan Before, TimeSpan After)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>True when the clock is set back, so local times repeat; false when it is set forward, so local times are skipped.</summary>
    public bool IsBack => After < Before;

    /// <summary>The size of the change; never negative.</summary>
    public TimeSpan By => (After - Before).Duration();

    /// <summary>The local time just before the change (at that instant, by the old offset).</summary>
    public DateTime WallBefore => At.UtcDateTime + Before;

    /// <summary>The local time just after the change.</summary>
    public DateTime WallAfter => At.UtcDateTime + After;

    /// <summary>The changes of a zone in (<paramref name="after"/>, <paramref name="until"/>], in order. Two changes within one day that
    /// cancel each other are not found.</summary>
    public static IEnumerable<ClockChange> Between(TimeZoneInfo zone, DateTimeOffset after, DateTimeOffset until)
    {
        if (zone.GetAdjustmentRules().Length == 0)
            yield break;
        // Offsets change on whole seconds, so the binary search stops at one second.
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
