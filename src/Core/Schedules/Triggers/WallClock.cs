namespace Fleet.Core.Schedules.Triggers;

/// <summary>The clock on the wall of a time zone, and what becomes of a calendar's times when it is moved.</summary>
/// <remarks>
/// Cronos can do this itself, but trusts the zone's standard offset. Where summer time is the standard and winter is
/// "negative summer time" (Europe/Dublin, Africa/Casablanca), or where the standard itself changes, it then answers with an
/// instant before the one asked for, and a planner that walks on from there never ends. Here only the offset at an instant
/// is trusted, which is unambiguous.
/// </remarks>
internal sealed class WallClock(TimeZoneInfo zone)
{
    // Offsets are at most 14 h, so this finds any change of the clock around a time on the wall that is read as UTC.
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Keeps a distance from both ends of DateTime; nobody waits for the year 9999.
    private static readonly DateTime Earliest = new(2, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Latest = new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The first instant strictly after another one at which the wall shows a time of the calendar.</summary>
    /// <param name="after">The instant.</param>
    /// <param name="calendar">The next time on the wall strictly after another one, in whole seconds.</param>
    /// <param name="repeats">Whether the calendar's times fire again when the clock is set back and shows them twice.</param>
    public DateTimeOffset? Next(DateTimeOffset after, Func<DateTime, DateTime?> calendar, bool repeats)
    {
        // The calendar has whole seconds, so a fraction changes nothing.
        var utc = new DateTime(after.UtcTicks - (after.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        if (utc < Earliest)
            utc = Earliest;
        if (utc >= Latest)
            return null;

        var from = utc + OffsetAt(utc);
        if (ChangeAround(utc) is { IsBack: true } change && change.Repeats(utc))
        {
            // 1. First pass: what is left of it, then the second pass from its start.
            // 2. Second pass: what is left of it.
            // 3. After that, and for times that do not repeat: on from where the repeated stretch ends.
            var end = change.At + change.Before;
            var isFirst = utc < change.At;
            if (isFirst && calendar(from) is { } first && first < end)
                return At(first, change.Before);

            var start = isFirst ? change.At + change.After - Second : from;
            if (repeats && calendar(start) is { } second && second < end)
                return At(second, change.After);

            from = end - Second;
        }

        // The loop is for zones that changed twice within a day or two: never answer with the past.
        for (var wall = calendar(from); wall is not null; wall = calendar(wall.Value))
        {
            if (wall >= Latest)
                break;
            if (InstantOf(wall.Value) is var instant && instant.UtcDateTime > utc)
                return instant;
        }

        return null;
    }

    /// <summary>When the wall shows a time: the first of two instants, or the jump that skipped it.</summary>
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

    /// <summary>The change of the offset within a day of an instant, to the second; null when there is none.</summary>
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

    /// <summary>The instant at which the clock is moved, and its offset on both sides.</summary>
    private readonly record struct Change(DateTime At, TimeSpan Before, TimeSpan After)
    {
        public bool IsBack => After < Before;

        /// <summary>Whether an instant lies in one of the two passes through the stretch that the wall shows twice.</summary>
        public bool Repeats(DateTime utc) => utc >= At - (Before - After) && utc < At + (Before - After);
    }
}
