namespace Fleet.Core.Schedules.Triggers;

/// <summary>The local time of a time zone, and how clock changes affect the times of a calendar.</summary>
/// <remarks>
/// Cronos can convert to a zone itself, but relies on the zone's standard offset. In zones with negative daylight saving (Europe/Dublin,
/// Africa/Casablanca), and where the standard offset changes, it can return an instant before the given one, and a planner that
/// continues from there never ends. This class uses only the offset at an instant, which is unambiguous.
/// </remarks>
internal sealed class WallClock(TimeZoneInfo zone)
{
    // Offsets are at most 14 h, so this range contains every clock change near a local time that is read as UTC.
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Keeps a distance from both ends of DateTime to avoid overflow.
    private static readonly DateTime Earliest = new(2, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Latest = new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The first instant strictly after another one whose local time is in the calendar.</summary>
    /// <param name="after">The instant.</param>
    /// <param name="calendar">Returns the next local time strictly after another one, in whole seconds.</param>
    /// <param name="repeats">True if the calendar's times fire again when the clock is set back and they occur twice.</param>
    public DateTimeOffset? Next(DateTimeOffset after, Func<DateTime, DateTime?> calendar, bool repeats)
    {
        // The calendar uses whole seconds, so fractions do not matter.
        var utc = new DateTime(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        if (utc < Earliest)
            utc = Earliest;
        if (utc >= Latest)
            return null;

        var from = utc + OffsetAt(utc);
        if (ChangeAround(utc) is { IsBack: true } change && change.Repeats(utc))
        {
            // 1. In the first pass: the rest of it, then the second pass from its start.
            // 2. In the second pass: the rest of it.
            // 3. Afterwards, and for times that do not repeat: continue after the repeated hour.
            var end = change.At + change.Before;
            var isFirst = utc < change.At;
            if (isFirst && calendar(from) is { } first && first < end)
                return At(first, change.Before);

            var start = isFirst ? change.At + change.After - Second : from;
            if (repeats && calendar(start) is { } second && second < end)
                return At(second, change.After);

            from = end - Second;
        }

        // Zones may change twice within a day or two. The loop makes sure that the result is never in the past.
        for (var wall = calendar(from); wall is not null; wall = calendar(wall.Value))
        {
            if (wall >= Latest)
                break;
            if (InstantOf(wall.Value) is var instant && instant.UtcDateTime > utc)
                return instant;
        }

        return null;
    }

    /// <summary>The instant of a local time: the first of two when it occurs twice, the change when it is skipped.</summary>
    private DateTimeOffset InstantOf(DateTime wall)
    {
        var before = OffsetAt(wall - Day);
        var after = OffsetAt(wall + Day);
        if (OffsetAt(wall - before) == before)
            return At(wall, before);
        if (OffsetAt(wall - after) == after)
            return At(wall, after);

        return ChangeAround(wall) is { } change ? At(change.At + change.After, change.After) : At(wall, after);
    }

    /// <summary>The offset change within a day of an instant, to the second; null when there is none.</summary>
    private Change? ChangeAround(DateTime utc)
    {
        var (low, high) = (utc - Day, utc + Day);
        var (before, after) = (OffsetAt(low), OffsetAt(high));
        if (before == after)
            return null;

        while (high - low > Second)
        {
            var middle = low + TimeSpan.FromSeconds(Math.Floor((high - low).TotalSeconds / 2));
            if (OffsetAt(middle) == before)
                low = middle;
            else
                high = middle;
        }

        return new Change(high, before, OffsetAt(high));
    }

    private TimeSpan OffsetAt(DateTime utc) => zone.GetUtcOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc));

    private static DateTimeOffset At(DateTime wall, TimeSpan offset) => new(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), offset);

    /// <summary>The instant of a clock change, and the offsets before and after it.</summary>
    private readonly record struct Change(DateTime At, TimeSpan Before, TimeSpan After)
    {
        public bool IsBack => After < Before;

        /// <summary>True if an instant lies in one of the two passes through a repeated local time.</summary>
        public bool Repeats(DateTime utc) => utc >= At - (Before - After) && utc < At + (Before - After);
    }
}
