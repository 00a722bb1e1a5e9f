using System.Globalization;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>Says in words when a cron expression fires. The words name exactly the local times that match.</summary>
internal static class CronWords
{
    // More times of day than this are told by their minutes and hours.
    private const int MaxClockTimes = 6;

    private static readonly string[] Weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    private static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth"];

    /// <summary>The words, without the zone.</summary>
    public static string Of(CronText cron)
    {
        var fields = cron.Fields;
        var seconds = CronValues.OfSeconds(cron.HasSeconds ? fields[0] : "0");
        var minutes = CronValues.OfMinutes(fields[^5]);
        var hours = CronValues.OfHours(fields[^4]);
        var clock = ClockTimes(seconds, minutes, hours);
        return (clock ?? Repeated(seconds, minutes, hours))
            + Date(fields[^3], CronValues.OfMonths(fields[^2]), fields[^1], isClock: clock is not null)
            + Years(cron.Years);
    }

    /// <summary>True when it fires in every hour of every day, so that the zone makes no difference to the date or the hour.</summary>
    public static bool IsAnyHour(CronText cron) =>
        cron.Fields.Skip(cron.Fields.Count - 4).All(field => field is "*" or "?") && cron.Years is null;

    private static string? ClockTimes(CronValues seconds, CronValues minutes, CronValues hours)
    {
        if (seconds.All.Count > 1 || minutes.IsEvery || hours.IsEvery || minutes.All.Count * hours.All.Count > MaxClockTimes)
            return null;
        var second = seconds.All[0];
        var times = hours.All.SelectMany(hour => minutes.All.Select(minute => new TimeOnly(hour, minute, second)));
        return "at " + Join([.. times.Select(time => time.ToString(second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture))]);
    }

    private static string Repeated(CronValues seconds, CronValues minutes, CronValues hours)
    {
        if (seconds.All is not [0])
        {
            var every = seconds.IsEvery ? "every second" : seconds.Step is { } step ? $"every {step} seconds" : null;
            return every is not null
                ? every + (minutes.IsEvery ? "" : $" in {List("minute", minutes.All)}") + Hours(hours, isOf: !minutes.IsEvery)
                : $"at {List("second", seconds.All)} of {(minutes.IsEvery ? "every minute" : List("minute", minutes.All))}"
                    + Hours(hours, isOf: !minutes.IsEvery);
        }

        if (minutes.IsEvery)
            return "every minute" + Hours(hours, isOf: false);
        if (minutes.Step is { } minuteStep)
            return $"every {minuteStep} minutes" + Hours(hours, isOf: false);
        return minutes.All.Count == 1 && hours.Step is { } hourStep
            ? $"every {hourStep} hours from 00:{minutes.All[0]:00}"
            : $"at {List("minute", minutes.All)}" + Hours(hours, isOf: true);
    }

    private static string Hours(CronValues hours, bool isOf)
    {
        if (hours.IsEvery)
            return isOf ? " of every hour" : "";
        var comma = isOf ? "," : "";
        return hours.Range is var (from, to)
            ? $"{comma} from {from:00}:00 to {to:00}:59"
            : $"{comma} in {List("hour", hours.All)}";
    }

    private static string Date(string dayField, CronValues months, string weekdayField, bool isClock)
    {
        var day = SpecialDay(dayField);
        var weekday = SpecialWeekday(weekdayField);
        var days = day is null ? CronValues.OfDays(dayField) : null;
        var weekdays = weekday is null ? CronValues.OfWeekdays(weekdayField) : null;
        var comma = isClock ? "" : ",";
        var inMonths = months.IsEvery ? "" : " in " + MonthNames(months);
        var ofMonths = months.IsEvery ? " of the month" : " of " + MonthNames(months);
        if (days is { IsEvery: true })
        {
            return weekdays switch
            {
                { IsEvery: true } when months.IsEvery => isClock ? " every day" : "",
                { IsEvery: true } => $"{comma} every day{inMonths}",
                null => $"{comma} on {weekday}{ofMonths}",
                _ => $"{comma} on {WeekdayNames(weekdays)}{inMonths}",
            };
        }

        var on = $"{comma} on {day ?? List("day", days!.All)}{ofMonths}";
        return weekdays switch
        {
            { IsEvery: true } => on,
            null => $"{on}, if it is {weekday} of the month",
            _ => $"{on}, if it is a {WeekdayNames(weekdays, or: true)}",
        };
    }

    private static string? SpecialDay(string field)
    {
        var isWeekday = field[^1] is 'W' or 'w';
        var day = isWeekday ? field[..^1] : field;
        if (day.Length > 0 && day[0] is 'L' or 'l')
        {
            var before = day.Length > 2 ? int.Parse(day.AsSpan(2), CultureInfo.InvariantCulture) : 0;
            return (before, isWeekday) switch
            {
                (0, false) => "the last day",
                (0, true) => "the last weekday (Monday to Friday)",
                (_, false) => $"the day {Days(before)} before the last day",
                _ => $"the weekday (Monday to Friday) nearest to {Days(before)} before the last day",
            };
        }

        return isWeekday ? $"the weekday (Monday to Friday) nearest to day {int.Parse(day, CultureInfo.InvariantCulture)}" : null;
    }

    private static string Days(int count) => count == 1 ? "1 day" : $"{count} days";

    private static string? SpecialWeekday(string field)
    {
        if (field.Split('#') is [var day, var nth])
            return $"the {Ordinals[int.Parse(nth, CultureInfo.InvariantCulture) - 1]} {WeekdayNames(CronValues.OfWeekdays(day))}";
        return field.Length > 1 && field[^1] is 'L' or 'l' ? $"the last {WeekdayNames(CronValues.OfWeekdays(field[..^1]))}" : null;
    }

    private static string Years(CronYears? years) => years is null
        ? ""
        : ", in " + Join(Runs(
            [.. Enumerable.Range(CronField.FirstYear, CronField.LastYear - CronField.FirstYear + 1).Where(years.Contains)], Number));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string MonthNames(CronValues months) => Join(Runs(months.All, CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName));

    private static string WeekdayNames(CronValues weekdays, bool or = false) =>
        Join(Runs(weekdays.All, day => Weekdays[day - 1]), or ? "or" : "and");

    private static string List(string unit, IReadOnlyList<int> values) =>
        $"{unit}{(values.Count == 1 ? "" : "s")} {Join(Runs(values, Number))}";

    /// <summary>The values; three or more in sequence become a range.</summary>
    private static List<string> Runs(IReadOnlyList<int> values, Func<int, string> name)
    {
        var parts = new List<string>();
        for (var i = 0; i < values.Count; i++)
        {
            var end = i;
            while (end + 1 < values.Count && values[end + 1] == values[end] + 1)
                end++;
            parts.Add(end - i >= 2 ? $"{name(values[i])} to {name(values[end])}" : name(values[i]));
            i = end - i >= 2 ? end : i;
        }

        return parts;
    }

    private static string Join(List<string> parts, string last = "and") => parts.Count == 1
        ? parts[0]
        : $"{string.Join(", ", parts.Take(parts.Count - 1))} {last} {parts[^1]}";
}
