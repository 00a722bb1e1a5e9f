using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fleet.Core.Runs;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Dates on which nothing fires, such as holidays.</summary>
public sealed class ExcludedDates
{
    /// <summary>What an entry may be, for errors.</summary>
    public const string Allowed = "a date such as 2026-12-24, a range 2026-12-24..2027-01-02 of at most 366 days, or a day of every year 12-25";

    /// <summary>The most entries.</summary>
    public const int Most = 400;

    private const string DateFormat = "yyyy-MM-dd";

    // A leap year, so that 02-29 is a day of it.
    private const string AnyYear = "2000-";

    // The end of a date beyond this would be no date.
    private static readonly DateTimeOffset Latest = new(9999, 12, 29, 0, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan LongestChange = TimeSpan.FromHours(2);

    private readonly TimeZoneInfo _zone;
    private readonly HashSet<DateOnly> _dates = [];
    private readonly HashSet<(int Month, int Day)> _everyYear = [];

    private ExcludedDates(TimeZoneInfo zone) => _zone = zone;

    /// <summary>How many dates there are, for people.</summary>
    public string Description => _dates.Count + _everyYear.Count == 1 ? "1 date" : $"{_dates.Count + _everyYear.Count} dates";

    /// <summary>Reads the entries; errors name the entry, as <c>exclude[3]</c>.</summary>
    internal static bool TryParse(
        IReadOnlyList<string> entries, TimeZoneInfo zone, [NotNullWhen(true)] out ExcludedDates? dates, [NotNullWhen(false)] out InputError? error)
    {
        dates = null;
        error = entries.Count > Most ? RunRules.Invalid("invalid_exclude", "exclude", $"{entries.Count} entries", $"up to {Most} entries") : null;
        if (error is not null)
            return false;
        var read = new ExcludedDates(zone);
        for (var i = 0; i < entries.Count; i++)
        {
            if (read.TryAdd(entries[i]))
                continue;
            error = RunRules.Invalid("invalid_exclude", $"exclude[{i}]", entries[i], Allowed);
            return false;
        }

        dates = read;
        return true;
    }

    /// <summary>When the excluded date that an instant lies on is over, or an instant on that date from which one has to look again; null when
    /// the date is not excluded.</summary>
    internal DateTimeOffset? EndOf(DateTimeOffset instant)
    {
        if (instant > Latest)
            return null;
        var local = TimeZoneInfo.ConvertTime(instant, _zone);
        var date = DateOnly.FromDateTime(local.DateTime);
        if (!_dates.Contains(date) && !_everyYear.Contains((date.Month, date.Day)))
            return null;
        var end = instant + (TimeSpan.FromDays(1) - local.TimeOfDay);
        // On a day on which the clock is changed, midnight may come earlier: step up to it.
        return _zone.GetUtcOffset(end) == local.Offset ? end : Later(end - LongestChange, instant + TimeSpan.FromTicks(1));
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private bool TryAdd(string? entry)
    {
        if (entry is null)
            return false;
        if (TryReadDate(entry, out var date))
        {
            _dates.Add(date);
            return true;
        }

        if (entry.Length == 5 && TryReadDate(AnyYear + entry, out var day))
        {
            _everyYear.Add((day.Month, day.Day));
            return true;
        }

        if (entry.Split("..") is not [var from, var to] || !TryReadDate(from, out var first) || !TryReadDate(to, out var last)
            || last < first || last.DayNumber - first.DayNumber >= 366)
        {
            return false;
        }

        for (var next = first; next <= last; next = next.AddDays(1))
            _dates.Add(next);
        return true;
    }

    private static bool TryReadDate(string text, out DateOnly date) =>
        DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out date);
}
