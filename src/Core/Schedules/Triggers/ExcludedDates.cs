using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fleet.Core.Rules;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Dates on which a schedule does not fire, such as holidays.</summary>
public sealed class ExcludedDates
{
    /// <summary>The accepted forms of an entry, for errors.</summary>
    public const string Allowed =
        "a date such as 2026-12-24, a range 2026-12-24..2027-01-02 of at most 366 days, or a day of every year 12-25";

    /// <summary>Maximum number of entries.</summary>
    public const int Most = 400;

    private const string DateFormat = "yyyy-MM-dd";

    // A leap year, so that 02-29 is accepted.
    private const string AnyYear = "2000-";

    // The end of a later date would exceed the range of DateTime.
    private static readonly DateTimeOffset Latest = new(9999, 12, 29, 0, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan LongestChange = TimeSpan.FromHours(2);

    private readonly TimeZoneInfo _zone;
    private readonly HashSet<DateOnly> _dates = [];
    private readonly HashSet<(int Month, int Day)> _everyYear = [];

    private ExcludedDates(TimeZoneInfo zone) => _zone = zone;

    /// <summary>Number of dates, for descriptions.</summary>
    public string Description => _dates.Count + _everyYear.Count == 1 ? "1 date" : $"{_dates.Count + _everyYear.Count} dates";

    /// <summary>Parses the entries. Errors name the entry, as in <c>exclude[3]</c>.</summary>
    internal static bool TryParse(
        IReadOnlyList<string> entries, TimeZoneInfo zone, [NotNullWhen(true)] out ExcludedDates? dates,
        [NotNullWhen(false)] out InputError? error)
    {
        dates = null;
        error = entries.Count > Most
            ? RunRules.Invalid("invalid_exclude", "exclude", $"{entries.Count} entries", $"up to {Most} entries")
            : null;
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

    /// <summary>If an instant lies on an excluded date: the end of that date, or an earlier instant on it from which to check again. Null
    /// when the date is not excluded.</summary>
    internal DateTimeOffset? EndOf(DateTimeOffset instant)
    {
        if (instant > Latest)
            return null;
        var local = TimeZoneInfo.ConvertTime(instant, _zone);
        var date = DateOnly.FromDateTime(local.DateTime);
        if (!_dates.Contains(date) && !_everyYear.Contains((date.Month, date.Day)))
            return null;
        var end = instant + (TimeSpan.FromDays(1) - local.TimeOfDay);
        // On a day with a clock change, midnight may come earlier than 24 hours after the last one, so the search advances to it in steps.
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
