using System.CommandLine;
using System.Globalization;
using System.Text;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Explain;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet calendar</c>: what fires when, by day and hour of a zone.</summary>
public static class CalendarCommand
{
    private const int MaxDays = 366;
    private const int Hours = 24;

    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601 with offset. Default: now.",
        HelpName = "INSTANT",
    };

    private static readonly Option<int?> Days = NumberOption.Make("--days", 1, MaxDays, "How many days. Default: 7.", "N");

    private static readonly Option<string> Zone = new("--zone")
    {
        Description = "IANA id of the zone of days and hours, such as Europe/Berlin. Default: that of this machine.",
        HelpName = "ZONE",
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command("calendar", "Show what fires when: a heat map of the running schedules by day and hour.")
        {
            From, Days, Zone,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed);
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync("calendar" + Query(parsed, cli.Time.GetUtcNow()), ct);
            var calendar = api.Read(answer, ApiJson.Default.CalendarView);
            if (output.Format == OutputFormat.Name)
                calendar.Days.Where(d => d.Starts.Sum() > 0).ToList().ForEach(day => output.Line(day.Date));
            else
                output.Answer(answer, "", () =>
                {
                    if (output.Format == OutputFormat.Tsv)
                        Print(calendar, output);
                    else
                        Show(calendar, output);
                });
        });
        return command;
    }

    private static string Query(ParseResult parsed, DateTimeOffset now)
    {
        string? until = null;
        if (parsed.GetValue(Days) is { } days)
        {
            var from = parsed.GetValue(From) is not { } text ? now
                : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && at.Year < 9000
                    ? at
                    : throw new UsageException(
                        $"--from: '{text}' is not an instant; allowed is ISO 8601 such as 2026-03-29T01:30:00+01:00.");
            until = from.AddDays(days).ToString("O", CultureInfo.InvariantCulture);
        }

        var range = RangeQuery.Of(parsed.GetValue(From), until).TrimEnd('?');
        return $"{range}{(range.Length == 0 ? '?' : '&')}zone={Uri.EscapeDataString(parsed.GetValue(Zone) ?? ZoneOfMachine())}";
    }

    private static string ZoneOfMachine()
    {
        var local = TimeZoneInfo.Local;
        return local.HasIanaId ? local.Id : TimeZoneInfo.TryConvertWindowsIdToIanaId(local.Id, out var iana) ? iana : "UTC";
    }

    /// <summary>A line for each hour in which something starts: date, hour, starts, slots.</summary>
    private static void Print(CalendarView calendar, Output output)
    {
        foreach (var day in calendar.Days)
        {
            for (var hour = 0; hour < day.Starts.Count; hour++)
            {
                if (day.Starts[hour] > 0)
                    output.Line(string.Create(CultureInfo.InvariantCulture, $"{day.Date}\t{hour}\t{day.Starts[hour]}\t{day.Slots[hour]}"));
            }
        }
    }

    private static void Show(CalendarView calendar, Output output)
    {
        output.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{Times.Instant(calendar.From)} to {Times.Instant(calendar.Until)}: {Spoken.Count(calendar.Firings, "start")}, "
            + $"in {calendar.Zone}"));
        if (calendar.TruncatedAt is { } at)
            output.Line($"There are too many: all figures are of what comes before {Times.Instant(at)}.");
        if (calendar.Firings == 0)
            return;
        output.Line("");
        output.Line(HeatMap.Header(""));
        var cells = calendar.Days.SelectMany(Values).ToList();
        var most = cells.Max();
        foreach (var day in calendar.Days)
        {
            var line = new StringBuilder(HeatMap.DayOf(DateOnly.Parse(day.Date, CultureInfo.InvariantCulture)));
            var values = Values(day);
            for (var hour = 0; hour < Hours; hour++)
                line.Append(HeatMap.Cell(values[hour], day.Starts[hour], most), 2);
            line.Append(CultureInfo.InvariantCulture, $"  {day.Starts.Sum():N0}");
            if (day.ClockChange is { } change)
                line.Append(CultureInfo.InvariantCulture, $"  the clock moves {change.Minutes:+0;-0} min to {change.At:HH:mm}");
            output.Line(line.ToString());
        }

        output.Line(HeatMap.Legend(
            calendar.HasDurations ? "Slots in use:" : "Starts per hour (how long runs take is not known yet):", most,
            value => value.ToString(value < 10 ? "0.##" : "0", CultureInfo.InvariantCulture)));

        IReadOnlyList<double> Values(CalendarDayView day) => calendar.HasDurations ? day.Slots : [.. day.Starts.Select(s => (double)s)];
    }
}
