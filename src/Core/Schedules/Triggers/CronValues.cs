using System.Globalization;
using Cronos;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>The values that a field of a cron expression matches. Cronos says which they are, so that they are those that fire.</summary>
/// <param name="All">The values, in order.</param>
/// <param name="First">The smallest value of the field.</param>
/// <param name="Last">The largest value of the field.</param>
internal sealed record CronValues(IReadOnlyList<int> All, int First, int Last)
{
    /// <summary>True when every value matches.</summary>
    public bool IsEvery => All.Count == Last - First + 1;

    /// <summary>The distance between the values if they are every n-th one from the first on, and the first follows the last at the same
    /// distance; else null.</summary>
    public int? Step
    {
        get
        {
            var step = All.Count > 1 ? All[1] - All[0] : 0;
            return step > 1 && All[0] == First && (Last - First + 1) % step == 0 && All.Count == (Last - First + 1) / step
                && All.Select((value, i) => value == First + (i * step)).All(isStep => isStep)
                ? step
                : null;
        }
    }

    /// <summary>The ends of the range that the values form; null when they form none. A range around the end of the field (22, 23, 0) is
    /// none, because it would seem to lead into the next day.</summary>
    public (int From, int To)? Range => All[^1] - All[0] == All.Count - 1 ? (All[0], All[^1]) : null;

    public static CronValues OfSeconds(string field) => Read(field, 0, 59, "{0} * * * * *", value => new DateTime(2024, 1, 1, 0, 0, value));

    public static CronValues OfMinutes(string field) => Read(field, 0, 59, "0 {0} * * * *", value => new DateTime(2024, 1, 1, 0, value, 0));

    public static CronValues OfHours(string field) => Read(field, 0, 23, "0 0 {0} * * *", value => new DateTime(2024, 1, 1, value, 0, 0));

    // January 2024 has 31 days and begins on a Monday.
    public static CronValues OfDays(string field) => Read(field, 1, 31, "0 0 0 {0} * *", value => new DateTime(2024, 1, value));

    public static CronValues OfMonths(string field) => Read(field, 1, 12, "0 0 0 1 {0} *", value => new DateTime(2024, value, 1));

    /// <summary>From 1 for Monday to 7 for Sunday.</summary>
    public static CronValues OfWeekdays(string field) => Read(field, 1, 7, "0 0 0 * * {0}", value => new DateTime(2024, 1, value));

    private static CronValues Read(string field, int first, int last, string format, Func<int, DateTime> example)
    {
        if (field is "*" or "?")
            return new CronValues([.. Enumerable.Range(first, last - first + 1)], first, last);
        var cron = CronExpression.Parse(string.Format(CultureInfo.InvariantCulture, format, field), CronFormat.IncludeSeconds);
        return new CronValues([.. Enumerable.Range(first, last - first + 1).Where(value => Matches(cron, example(value)))], first, last);
    }

    private static bool Matches(CronExpression cron, DateTime wall)
    {
        var at = DateTime.SpecifyKind(wall, DateTimeKind.Utc);
        return cron.GetNextOccurrence(at, inclusive: true) == at;
    }
}
