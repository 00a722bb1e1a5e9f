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

        var lines = new List<string>
        {
            "UTC       " + string.Concat(Enumerable.Range(0, Hours / 3).Select(i => $" {i * 3:00}   ")).TrimEnd(),
        };
        for (var day = 0; day * Hours < values.Length; day++)
        {
            var line = new StringBuilder((firstDay + TimeSpan.FromDays(day)).ToString("ddd MM-dd ", CultureInfo.InvariantCulture))
                .Append(' ');
            for (var i = day * Hours; i < (day + 1) * Hours; i++)
            {
                var start = firstDay.AddHours(i);
                var isInside = i < values.Length && start < until && start.AddHours(1) > from;
                line.Append(isInside ? Shades[Level(values[i], starts[i], most)] : ' ', 2);
            }

            if (!string.IsNullOrWhiteSpace(line.ToString()[10..]))
                lines.Add(line.ToString().TrimEnd());
        }

        lines.Add(Legend(most, isWeighted));
        return lines;
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

    private static string Legend(double most, bool isWeighted)
    {
        var legend = new StringBuilder(isWeighted ? "Work per hour:" : "Starts per hour (how long runs take is not known yet):")
            .Append(" ·· none");
        for (var level = 1; level <= 4; level++)
            legend.Append("  ").Append(Shades[level], 2).Append(" to ").Append(Value(most * level / 4));
        return legend.ToString();

        string Value(double value) =>
            isWeighted ? Times.Span(TimeSpan.FromSeconds(value)) : value.ToString("0.#", CultureInfo.InvariantCulture);
    }
}
