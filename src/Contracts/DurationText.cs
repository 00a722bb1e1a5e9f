using System.Buffers;
using System.Globalization;

namespace Fleet;

/// <summary>Durations as people write them, in the API, the configuration and on the command line.</summary>
internal static class DurationText
{
    /// <summary>What <see cref="TryParse"/> understands, for errors.</summary>
    public const string Allowed = "15s, 5m, 2h, 1d or 1h30m; ISO 8601 such as PT5M; or hh:mm:ss";

    // The longest duration that means something is far shorter; the bound makes any text cheap to refuse.
    private const int LongestText = 64;

    // More than TimeSpan holds in the smallest unit, and small enough for the sums below.
    private const decimal LargestNumber = 1_000_000_000_000_000m;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly Unit[] Short =
    [
        new("w", TimeSpan.TicksPerDay * 7), new("d", TimeSpan.TicksPerDay), new("h", TimeSpan.TicksPerHour),
        new("m", TimeSpan.TicksPerMinute), new("s", TimeSpan.TicksPerSecond), new("ms", TimeSpan.TicksPerMillisecond),
    ];

    // Years and months have no fixed length and are refused.
    private static readonly Unit[] IsoDate = [new("W", TimeSpan.TicksPerDay * 7), new("D", TimeSpan.TicksPerDay)];

    private static readonly Unit[] IsoTime =
        [new("H", TimeSpan.TicksPerHour), new("M", TimeSpan.TicksPerMinute), new("S", TimeSpan.TicksPerSecond)];

    /// <summary>Reads <c>15s</c>, <c>1h30m</c>, <c>PT5M</c>, <c>00:05:00</c> or <c>1.12:00:00</c> (days first); a leading
    /// minus makes it negative, which is for the caller to refuse. Never throws.</summary>
    /// <returns>False when the text is none of these or too large for a <see cref="TimeSpan"/>.</returns>
    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = default;
        var rest = text.AsSpan().Trim();
        if (rest.Length is 0 or > LongestText)
            return false;

        var negative = rest[0] == '-';
        if (negative)
            rest = rest[1..];

        if (!TryIso(rest, out var ticks) && !TryClock(rest, out ticks) && !TrySum(rest, Short, out ticks))
            return false;

        if (ticks > long.MaxValue)
            return false;

        value = TimeSpan.FromTicks(negative ? -(long)ticks : (long)ticks);
        return true;
    }

    private static bool TryIso(ReadOnlySpan<char> text, out decimal ticks)
    {
        ticks = 0;
        if (text.IsEmpty || text[0] != 'P')
            return false;

        var split = text.IndexOf('T');
        var date = split < 0 ? text[1..] : text[1..split];
        var time = 0m;
        if (split >= 0 && !TrySum(text[(split + 1)..], IsoTime, out time))
            return false;

        var days = 0m;
        if ((split < 0 || !date.IsEmpty) && !TrySum(date, IsoDate, out days))
            return false;

        ticks = days + time;
        return true;
    }

    /// <summary><c>[days.]hours:minutes:seconds[.fraction]</c>; without days the hours may pass 23,
    /// so 36:00:00 is a day and a half.</summary>
    private static bool TryClock(ReadOnlySpan<char> text, out decimal ticks)
    {
        ticks = 0;
        Span<Range> parts = stackalloc Range[4];
        if (text.Split(parts, ':') != 3)
            return false;

        var hours = text[parts[0]];
        var days = 0m;
        var dot = hours.IndexOf('.');
        if (dot >= 0 && !TryNumber(hours[..dot], NumberStyles.None, out days))
            return false;

        if (!TryNumber(hours[(dot + 1)..], NumberStyles.None, out var h)
            || !TryNumber(text[parts[1]], NumberStyles.None, out var m)
            || !TryNumber(text[parts[2]], NumberStyles.AllowDecimalPoint, out var s)
            || m >= 60 || s >= 60 || (dot >= 0 && h >= 24))
        {
            return false;
        }

        ticks = (days * TimeSpan.TicksPerDay) + (h * TimeSpan.TicksPerHour)
            + (m * TimeSpan.TicksPerMinute) + (s * TimeSpan.TicksPerSecond);
        return true;
    }

    /// <summary>Adds up pairs of a number and a unit; each unit at most once, the larger first.</summary>
    private static bool TrySum(ReadOnlySpan<char> text, ReadOnlySpan<Unit> units, out decimal ticks)
    {
        ticks = 0;
        if (text.IsEmpty)
            return false;

        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(NumberCharacters);
            if (digits < 0 || !TryNumber(text[..digits], NumberStyles.AllowDecimalPoint, out var number))
                return false;

            text = text[digits..];
            var letters = text.IndexOfAny(NumberCharacters);
            var name = letters < 0 ? text : text[..letters];

            var index = 0;
            while (index < units.Length && !name.SequenceEqual(units[index].Name))
                index++;
            if (index == units.Length)
                return false;

            ticks += number * units[index].Ticks;
            units = units[(index + 1)..];
            text = text[name.Length..];
        }

        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, NumberStyles style, out decimal number) =>
        decimal.TryParse(text, style, CultureInfo.InvariantCulture, out number) && number <= LargestNumber;

    private readonly record struct Unit(string Name, long Ticks);
}
