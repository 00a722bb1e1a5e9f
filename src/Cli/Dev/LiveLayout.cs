using Fleet.Cli.Printing;
using Fleet.Cli.Runs;
using Fleet.Cli.Schedules;
using Fleet.Client;
using Fleet.Samples;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fleet.Cli.Dev;

/// <summary>Draws a <see cref="LiveSnapshot"/> into a window of any size: every row is one line, and what does not fit
/// is left out, runs last.</summary>
public static class LiveLayout
{
    public const int MaxRuns = 12;

    private const int WideEnoughForIds = 120;
    private const int BarWidth = 10;

    private static readonly Style Dim = new(Color.Grey);
    private static readonly Style Alert = new(Color.Red);

    /// <summary>The picture.</summary>
    /// <param name="snapshot">What is known.</param>
    /// <param name="server">The API's URL, for the first line.</param>
    /// <param name="data">Where it keeps its data, for the first line.</param>
    /// <param name="width">Of the window, in characters.</param>
    /// <param name="height">Of the window, in lines.</param>
    /// <param name="now">For "12s ago".</param>
    public static IRenderable Draw(LiveSnapshot snapshot, Uri server, string data, int width, int height, DateTimeOffset now)
    {
        var room = LiveRoom.Share(height, snapshot.Schedules.Count, snapshot.Lanes.Count, snapshot.Runs.Count);
        var parts = new List<IRenderable>
        {
            OneLine(
                $"Fleet at {server.GetLeftPart(UriPartial.Authority)} · data in {data} · Ctrl+C stops it",
                new Style(decoration: Decoration.Bold), width),
        };
        if (snapshot.Problem is { } problem)
            parts.Add(OneLine(problem, Alert, width));
        else
            parts.Add(
                OneLine($"Enqueue: curl {server.GetLeftPart(UriPartial.Authority)}/api/v1/runs -H content-type:application/json -d "
                    + $"'{{\"job\":\"diag.sleep\",\"args\":{{\"ms\":9000}}}}'", Dim, width));

        if (room.Schedules > 0)
            AddPart(parts, Schedules(snapshot.Schedules, room.Schedules, width, now));
        if (room.Lanes > 0)
            AddPart(parts, Lanes(snapshot.Lanes, room.Lanes, width));
        if (room.Runs > 0)
            AddPart(parts, Runs(snapshot.Runs, room.Runs, width, now));
        return new Rows(parts);
    }

    private static void AddPart(List<IRenderable> parts, Table table)
    {
        parts.Add(new Text(" "));
        parts.Add(table);
    }

    private static Table Schedules(IReadOnlyList<ScheduleView> schedules, int rows, int width, DateTimeOffset now)
    {
        var table = Columns(
            ("SCHEDULE" + More(schedules.Count, rows), width * 3 / 10), ("TRIGGER", width * 3 / 10), ("NEXT", 10), ("STATUS", width / 5));
        foreach (var s in schedules.Take(rows))
        {
            var status = s.StatusReason is { Length: > 0 } why ? $"{s.Status}: {why}" : s.Status;
            table.AddRow(
                Cell(s.Id, width * 3 / 10),
                Cell(FireTimes.TriggerOf(s), width * 3 / 10, Dim),
                Cell(s.Status == "running" ? Times.Relative(s.NextFireAt, now) : "", 10),
                Cell(status, width / 5, Screen.StateStyle(s.Status)));
        }

        return table;
    }

    private static Table Lanes(IReadOnlyList<LaneView> lanes, int rows, int width)
    {
        var table = Columns(("LANE" + More(lanes.Count, rows), width * 3 / 10), ("READY", 10), ("RUNNING", 10), ("SLOTS", 8));
        foreach (var l in lanes.Take(rows))
        {
            // Work without anybody to do it is what a person must see.
            var stuck = l is { Slots: 0, Ready.Value: > 0 };
            table.AddRow(
                Cell(l.Name, width * 3 / 10), Cell($"{l.Ready}", 10), Cell($"{l.Running}", 10),
                Cell($"{l.Slots}", 8, stuck ? Alert : Style.Plain));
        }

        return table;
    }

    private static Table Runs(IReadOnlyList<RunView> runs, int rows, int width, DateTimeOffset now)
    {
        var idWidth = width >= WideEnoughForIds ? 36 : 8;
        var jobWidth = Math.Max(8, width / 5);
        var restWidth = Math.Max(0, width - idWidth - jobWidth - 9 - 3 - 10 - 10);
        var table = Columns(("RUN", idWidth), ("JOB", jobWidth), ("STATE", 9), ("TRY", 3), ("WHEN", 10), ("", restWidth));
        foreach (var r in runs.Take(rows))
        {
            table.AddRow(
                Cell(ShortId(r.Id, idWidth), idWidth, Dim),
                Cell(r.Job, jobWidth),
                Cell(r.State, 9, Screen.StateStyle(r.State)),
                Cell($"{r.Attempt}", 3),
                Cell(Times.Relative(ListRuns.When(r), now), 10, Dim),
                Rest(r, restWidth));
        }

        return table;
    }

    private static Text Rest(RunView run, int width) => run switch
    {
        { State: "running", Progress: { } part } =>
            Cell($"{Bar(part)} {part * 100,3:0}% {run.ProgressMessage}", width, new Style(Color.Aqua)),
        { State: not "succeeded" } when ListRuns.Why(run) is { } why => Cell(
            // Nobody should look for the mistake in it.
            run.Job == FlakyImport.Name ? $"{why} (a sample, on purpose)" : why, width, run.Job == FlakyImport.Name ? Dim : Alert),
        _ => Cell("", width),
    };

    private static string Bar(double part)
    {
        var full = (int)Math.Round(Math.Clamp(part, 0, 1) * BarWidth);
        return new string('━', full) + new string('·', BarWidth - full);
    }

    // Ids begin with the time they were made at, so it is their end that tells neighbours apart.
    private static string ShortId(string id, int width) => id.Length <= width ? id : id[^width..];

    private static string More(int all, int shown) => all > shown ? $" ({shown} of {all})" : "";

    private static Table Columns(params (string Name, int Width)[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        for (var i = 0; i < columns.Length; i++)
        {
            var padding = new Padding(0, 0, i == columns.Length - 1 ? 0 : 2, 0);
            table.AddColumn(new TableColumn(Cell(columns[i].Name, columns[i].Width, Dim)) { Padding = padding, NoWrap = true });
        }

        return table;
    }

    private static Text Cell(string? text, int width, Style? style = null) => new(Plain.Line(text, width), style)
    {
        Overflow = Overflow.Ellipsis,
    };

    private static Text OneLine(string text, Style style, int width) => Cell(text, Math.Max(1, width - 1), style);

}

/// <summary>How many rows of each part a window has room for.</summary>
public readonly record struct LiveRoom(int Schedules, int Lanes, int Runs)
{
    private const int TopLines = 2;
    private const int CursorLine = 1;

    // A blank line and the column names.
    private const int PartLines = 2;

    /// <summary>Runs come first, then schedules, then lanes; none takes the room of all when others need it too.</summary>
    public static LiveRoom Share(int height, int schedules, int lanes, int runs)
    {
        var free = height - TopLines - CursorLine;
        var runRows = Take(ref free, Math.Min(runs, LiveLayout.MaxRuns), Math.Max(3, free / 2));
        var scheduleRows = Take(ref free, schedules, Math.Max(2, free * 2 / 3));
        var laneRows = Take(ref free, lanes, free);

        // What the others left goes back to those that were cut.
        var moreRuns = runRows == 0 ? 0 : Math.Min(Math.Max(free, 0), Math.Min(runs, LiveLayout.MaxRuns) - runRows);
        free -= moreRuns;
        var moreSchedules = scheduleRows == 0 ? 0 : Math.Min(Math.Max(free, 0), schedules - scheduleRows);
        return new LiveRoom(scheduleRows + moreSchedules, laneRows, runRows + moreRuns);
    }

    private static int Take(ref int free, int wanted, int share)
    {
        var rows = Math.Max(0, Math.Min(wanted, Math.Min(share, free) - PartLines));
        if (rows > 0)
            free -= rows + PartLines;
        return rows;
    }
}
