namespace Fleet.Core.Schedules.Triggers;

/// <summary>A part of a trigger that its author may not have meant.</summary>
/// <param name="Code">A stable code for programs.</param>
/// <param name="Field">The field of the request.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record TriggerWarning(string Code, string Field, string Message);

/// <summary>Finds expressions that are valid in Fleet but mean something else in crontab or Quartz, where they may have been copied
/// from.</summary>
public static class TriggerWarnings
{
    private static readonly string[] Weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    /// <summary>The warnings for a trigger that <see cref="Trigger"/> accepts; none for any other.</summary>
    public static IReadOnlyList<TriggerWarning> Of(TriggerSpec spec)
    {
        if (spec.Cron is not { } text || CronText.IsEvery(text, out _) || !CronText.TryParse(text, out var cron, out _))
            return [];
        var (dayOfMonth, dayOfWeek) = (cron.Fields[^3], cron.Fields[^1]);
        var warnings = new List<TriggerWarning>();
        if ((dayOfMonth == "?" || dayOfWeek == "?") && FirstNumber(dayOfWeek) is { } number)
        {
            warnings.Add(new TriggerWarning(
                "quartz_weekdays", "cron",
                $"cron: in the day of week field '{dayOfWeek}', {number} is {Weekdays[number]}, as in crontab. In Quartz, where "
                    + "expressions with '?' come from, "
                + $"{(number is 0 ? "it is not allowed" : $"it is {Weekdays[number - 1]}")}. Names such as MON mean the same in both."));
        }

        if (dayOfMonth[^1] is 'W' or 'w' && dayOfMonth[..^1] is "29" or "30" or "31")
        {
            warnings.Add(new TriggerWarning(
                "months_left_out", "cron",
                $"cron: '{dayOfMonth}' fires only in months that have a day {dayOfMonth[..^1]}; Quartz takes the last weekday of the "
                    + "shorter ones. For the last weekday of every month write LW."));
        }

        if (IsNarrow(dayOfMonth) && IsNarrow(dayOfWeek))
        {
            warnings.Add(new TriggerWarning(
                "both_days_match", "cron",
                $"cron: it fires when the day of month '{dayOfMonth}' and the day of week '{dayOfWeek}' both match; crontab fires when "
                    + "either does."));
        }

        return warnings;
    }

    private static bool IsNarrow(string field) => field[0] is not ('*' or '?');

    /// <summary>The first weekday written as a number; numbers after <c>/</c> or <c>#</c> are not weekdays.</summary>
    private static int? FirstNumber(string dayOfWeek)
    {
        foreach (var part in dayOfWeek.Split(','))
        {
            foreach (var end in part.Split('/', '#')[0].TrimEnd('L', 'l').Split('-'))
            {
                if (int.TryParse(end, out var number) && number < Weekdays.Length)
                    return number;
            }
        }

        return null;
    }
}
