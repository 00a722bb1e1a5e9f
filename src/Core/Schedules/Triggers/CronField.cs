using System.Globalization;
using System.Text.RegularExpressions;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>One field of a cron expression: its name and the values it accepts. Cronos evaluates the expression, but its errors do not say
/// which part of which field is wrong, so this check runs first.</summary>
internal sealed class CronField
{
    /// <summary>The years that the year field accepts, as in Quartz.</summary>
    public const int FirstYear = 1970, LastYear = 2099;

    private const RegexOptions Ascii = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly string[] Months =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly int _first;
    private readonly int _last;
    private readonly string[] _names;
    private readonly Regex? _special;
    private readonly int _digits;

    private CronField(string name, int first, int last, string allowed, string[]? names = null, string? special = null, int digits = 2)
    {
        Name = name;
        Allowed = allowed;
        _first = first;
        _last = last;
        _names = names ?? [];
        _digits = digits;
        _special = special is null ? null : new Regex($@"\A(?:{special})\z", Ascii);
    }

    /// <summary>The six fields of the calendar, in written order; an expression of five fields omits the first.</summary>
    public static IReadOnlyList<CronField> All { get; } =
    [
        new("second", 0, 59, "0-59 with * , - /"),
        new("minute", 0, 59, "0-59 with * , - /"),
        new("hour", 0, 23, "0-23 with * , - /"),
        new("day of month", 1, 31, "1-31 with * ? , - / or one of L (last day), L-3, LW, 15W (nearest weekday)",
            special: "L(-([0-2]?[0-9]|30))?W?|(0?[1-9]|[12][0-9]|3[01])W"),
        new("month", 1, 12, "1-12 or JAN-DEC with * , - /", Months),
        new("day of week", 0, 7, "0-7 or SUN-SAT (0 and 7 are Sunday) with * ? , - / or one of FRIL (last Friday), MON#1 (first Monday)",
            Days, special: "(0?[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#0?[1-5])"),
    ];

    /// <summary>The optional seventh field.</summary>
    public static CronField Year { get; } = new("year", FirstYear, LastYear, $"{FirstYear}-{LastYear} with * , - /", digits: 4);

    /// <summary>The field's name in errors: <c>minute</c>, <c>day of month</c>.</summary>
    public string Name { get; }

    /// <summary>The accepted values, for errors.</summary>
    public string Allowed { get; }

    /// <summary>Checks the text of this field. Returns the end of a sentence ("is out of range"), or null when it is valid.</summary>
    public string? Refuse(string text)
    {
        var parts = text.Split(',');
        if (parts.Length == 1)
            return RefusePart(text, inList: false);

        foreach (var part in parts)
        {
            if (RefusePart(part, inList: true) is { } problem)
                return part.Length == 0 ? "has a comma too many" : $"has '{Shown.Of(part)}', which {problem}";
        }

        return null;
    }

    /// <summary>The field in the syntax of Cronos, which does not accept <c>*</c> in a list.</summary>
    public string Normalize(string text) => !text.Contains(',', StringComparison.Ordinal)
        ? text
        : string.Join(',', text.Split(',').Select(part => part.StartsWith('*') ? $"{_first}-{(_last == 7 ? 6 : _last)}{part[1..]}" : part));

    private int LongestStep => Math.Min(_last, _last - _first + 1);

    private string? RefusePart(string part, bool inList)
    {
        if (_special?.IsMatch(part) == true)
            return inList ? "cannot stand in a list" : null;

        var slash = part.IndexOf('/', StringComparison.Ordinal);
        var range = slash < 0 ? part : part[..slash];
        if (slash >= 0 && part[(slash + 1)..] is var step && !(IsNumber(step, out var size) && size >= 1 && size <= LongestStep))
            return $"has the step '{Shown.Of(step)}', but a step is a number from 1 to {LongestStep}";

        if (range == "?" && this == Year)
            return "is not a number";
        if (range == "*")
            return null;
        if (range == "?")
            return inList ? "cannot stand in a list; '*' can" : null;

        var ends = range.Split('-');
        if (ends.Length > 2)
            return "has more than one '-'";

        foreach (var end in ends)
        {
            if (RefuseValue(end) is { } problem)
                return end == part ? problem : $"has '{Shown.Of(end)}', which {problem}";
        }

        // A range of hours may wrap around, a range of years may not. Both ends have four digits, so comparing the texts compares the
        // numbers.
        return this == Year && ends is [var from, var to] && string.CompareOrdinal(from, to) > 0
            ? $"has '{Shown.Of(range)}', which ends before it begins"
            : null;
    }

    private string? RefuseValue(string value)
    {
        if (IsNumber(value, out var number))
            return number >= _first && number <= _last ? null : "is out of range";
        if (_names.Contains(value, StringComparer.OrdinalIgnoreCase))
            return null;
        return _names.Length == 0 ? "is not a number" : $"is neither a number nor a name such as {_names[1]}";
    }

    /// <summary>Parses up to two digits, like Cronos, and four for a year. A longer number becomes a value that no field accepts.</summary>
    private bool IsNumber(string text, out int number)
    {
        number = int.MaxValue;
        if (text.Length == 0 || !text.All(char.IsAsciiDigit))
            return false;
        if (text.Length <= _digits)
            number = int.Parse(text, CultureInfo.InvariantCulture);
        return true;
    }
}
