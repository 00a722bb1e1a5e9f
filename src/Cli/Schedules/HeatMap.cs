using System.Globalization;
using System.Text;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary>Draws a load: a line for each day, two characters for each hour, the darker the more work. In UTC.</summary>
public static class HeatMap
{
    private const int Hours = 24;

    private static readonly char[] Shades = ['·', '░', '▒', '▓', '█'];

    /// <param name="load">Cells of a minute or of an hour.</param>
    /// <param name="from">Where the range begins: hours before it stay blank.</param>
    /// <param name="until">Where it ends.</param>
    /// <returns>The lines, the legend last.</returns>
    public static IReadOnlyList<string> Draw(HeatMapView load, DateTimeOffset from, DateTimeOffset until)
    {
        // Where nobody knows how long any run takes, starts are all there is to show.
        var isWeighted = load.BusySeconds.Any(b => b > 0);
        var firstDay = new DateTimeOffset(load.From.UtcDateTime.Date, TimeSpan.Zero);
        var (values, starts) = ByHour(load, firstDay, isWeighted);
        var most = values.DefaultIfEmpty().Max();

        var lines = new List<string> { Header("UTC") };
        for (var day = 0; day * Hours < values.Length; day++)
        {
            var line = new StringBuilder(DayOf(DateOnly.FromDateTime((firstDay + TimeSpan.FromDays(day)).Date)));
            for (var i = day * Hours; i < (day + 1) * Hours; i++)
            {
                var start = firstDay.AddHours(i);
                var isInside = i < values.Length && start < until && start.AddHours(1) > from;
                line.Append(isInside ? Cell(values[i], starts[i], most) : ' ', 2);
            }

            if (!string.IsNullOrWhiteSpace(line.ToString()[10..]))
                lines.Add(line.ToString().TrimEnd());
        }

        lines.Add(Legend(
            isWeighted ? "Work per hour:" : "Starts per hour (how long runs take is not known yet):", most,
            value => isWeighted ? Times.Span(TimeSpan.FromSeconds(value)) : value.ToString("0.#", CultureInfo.InvariantCulture)));
        return lines;
    }

    /// <summary>The line above the days, with the hours.</summary>
    internal static string Header(string zone) =>
        zone.PadRight(10) + string.Concat(Enumerable.Range(0, Hours / 3).Select(i => $" {i * 3:00}   ")).TrimEnd();

    /// <summary>The beginning of the line of a day.</summary>
    internal static string DayOf(DateOnly day) => day.ToString("ddd MM-dd  ", CultureInfo.InvariantCulture);

    /// <summary>The shade of an hour.</summary>
    internal static char Cell(double value, int starts, double most) => Shades[Level(value, starts, most)];

    /// <summary>What the shades mean.</summary>
    internal static string Legend(string title, double most, Func<double, string> show)
    {
        var legend = new StringBuilder(title).Append(" ·· none");
        for (var level = 1; level <= 4; level++)
            legend.Append("  ").Append(Shades[level], 2).Append(" to ").Append(show(most * level / 4));
        return legend.ToString();
    }

    private static (double[] Values, int[] Starts) ByHour(HeatMapView load, DateTimeOffset firstDay, bool isWeighted)
    {
        var offset = (int)(load.From - firstDay).TotalMinutes;
        var hours = (((load.Starts.Count * load.MinutesPerCell) + offset - 1) / 60) + 1;
        var (values, starts) = (new double[hours], new int[hours]);
        for (var i = 0; i < load.Starts.Count; i++)
        {
            var hour = (offset + (i * load.MinutesPerCell)) / 60;
            starts[hour] += load.Starts[i];
            values[hour] += isWeighted ? load.BusySeconds[i] : load.Starts[i];
        }

        return (values, starts);
    }

    /// <summary>0 for nothing, else 1 to 4: a quarter of the most for each.</summary>
    private static int Level(double value, int starts, double most) =>
        value > 0 ? Math.Clamp((int)Math.Ceiling(4 * value / most), 1, 4) : starts > 0 ? 1 : 0;
}
