using System.Globalization;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>The year field of a cron expression of seven fields. Cronos does not support years, so they are checked separately.</summary>
internal sealed class CronYears
{
    private readonly bool[] _matches = new bool[CronField.LastYear - CronField.FirstYear + 1];

    /// <param name="field">A field that <see cref="CronField.Year"/> accepts.</param>
    public CronYears(string field)
    {
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') is [var before, var after] ? (before, Number(after)) : (part, 1);
            var (first, last) = range.Split('-') switch
            {
                ["*"] => (CronField.FirstYear, CronField.LastYear),
                [var from, var to] => (Number(from), Number(to)),
                // A single year with a step continues to the last year, as in the other fields.
                [var from] => (Number(from), range == part ? Number(from) : CronField.LastYear),
                _ => throw new ArgumentException($"'{field}' is no field of years.", nameof(field)),
            };
            for (var year = first; year <= last; year += step)
                _matches[year - CronField.FirstYear] = true;
        }
    }

    public bool Contains(int year) => year is >= CronField.FirstYear and <= CronField.LastYear && _matches[year - CronField.FirstYear];

    /// <summary>The first matching year after a year; null when there is none.</summary>
    public int? After(int year)
    {
        for (var next = Math.Max(year + 1, CronField.FirstYear); next <= CronField.LastYear; next++)
        {
            if (Contains(next))
                return next;
        }

        return null;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
