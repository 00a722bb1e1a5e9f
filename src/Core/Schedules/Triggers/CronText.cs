using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>A cron expression whose fields were checked and whose macros were replaced.</summary>
/// <param name="Written">The caller's text, with single spaces.</param>
/// <param name="Fields">The five or six calendar fields in the syntax of Cronos.</param>
/// <param name="Years">The year field; null when it is omitted, which means every year.</param>
internal sealed record CronText(string Written, IReadOnlyList<string> Fields, CronYears? Years)
{
    private const int Longest = 256;
    private const string Every = "@every";

    private const string AllowedFields =
        "5 fields (minute, hour, day of month, month, day of week), 6 with seconds first, 7 with a year last too, or a macro such as "
            + "@daily or @every 15s";

    private static readonly Dictionary<string, string> Macros = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
        ["@monthly"] = "0 0 1 * *",
        ["@weekly"] = "0 0 * * 0",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@hourly"] = "0 * * * *",
        ["@every_minute"] = "* * * * *",
        ["@every_second"] = "* * * * * *",
    };

    /// <summary>True when the first field is the seconds.</summary>
    public bool HasSeconds => Fields.Count == 6;

    /// <summary>True when the expression means "repeatedly through the day" (a <c>*</c>, range or step in the second, minute or hour) and
    /// not times of day. It decides what happens in the hour that occurs twice when the clock is set back.</summary>
    public bool IsInterval => Fields.SkipLast(3).Any(text => text.AsSpan().ContainsAny("*?-/"));

    /// <summary>True for <c>@every 15s</c>, which is an interval written as a cron expression.</summary>
    public static bool IsEvery(string text, [NotNullWhen(true)] out string? period)
    {
        var words = text.AsSpan().Trim(" \t");
        var isEvery = words.Equals(Every, StringComparison.OrdinalIgnoreCase)
            || (words.Length > Every.Length
                && words.StartsWith(Every, StringComparison.OrdinalIgnoreCase)
                && words[Every.Length] is ' ' or '\t');
        period = isEvery ? words[Every.Length..].Trim(" \t").ToString() : null;
        return period is not null;
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out CronText? cron, [NotNullWhen(false)] out InputError? error)
    {
        cron = null;
        if (text.Length > Longest)
        {
            error = Refuse(text, $"the expression has {text.Length} characters", $"at most {Longest} characters");
            return false;
        }

        var fields = Split(text);
        var written = string.Join(' ', fields);
        if (fields.FirstOrDefault(
            f => f.StartsWith("CRON_TZ=", StringComparison.OrdinalIgnoreCase)
            || f.StartsWith("TZ=", StringComparison.OrdinalIgnoreCase)) is { } assignment)
        {
            var zone = Shown.Of(assignment[(assignment.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            error = Refuse(
                text, $"'{Shown.Of(assignment)}' names a time zone, which has a field of its own",
                $"the expression alone, with zone '{zone}' beside it");
            return false;
        }

        if (written.StartsWith('@'))
        {
            if (!Macros.TryGetValue(written, out var expansion))
            {
                var hint = Nearest.To(written, Macros.Keys) is { } nearest ? $" (did you mean '{nearest}'?)" : "";
                var allowed = string.Join(", ", Macros.Keys.Append(Every + " 15s"));
                error = Refuse(text, $"the macro '{Shown.Of(written)}' is not known{hint}", allowed);
                return false;
            }

            fields = Split(expansion);
        }

        if (fields.Length is not (5 or 6 or 7))
        {
            var count = fields.Length == 1 ? "1 field" : $"{fields.Length} fields";
            error = Refuse(text, $"'{Shown.Of(written)}' has {count}", AllowedFields);
            return false;
        }

        var year = fields.Length == 7 ? fields[^1] : null;
        var calendar = year is null ? fields : fields[..^1];
        foreach (var (field, value) in CronField.All.TakeLast(calendar.Length).Append(CronField.Year).Zip(fields))
        {
            if (field.Refuse(value) is { } problem)
            {
                error = Refuse(text, $"the {field.Name} field '{Shown.Of(value)}' {problem}", field.Allowed);
                return false;
            }
        }

        calendar = [.. CronField.All.TakeLast(calendar.Length).Zip(calendar, (field, value) => field.Normalize(value))];
        cron = new CronText(written, calendar, year is null ? null : new CronYears(year));
        error = null;
        return true;
    }

    /// <summary>Creates an error about a cron expression. All such errors have this form.</summary>
    public static InputError Refuse(string text, string problem, string allowed, string code = "invalid_cron") =>
        new(code, "cron", $"cron: {problem}; allowed is {allowed}.", Shown.Of(text), allowed);

    // Splits at spaces and tabs only. A line break or no-break space stays in its field and is shown in the error.
    private static string[] Split(string text) => text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
}
