using System.Globalization;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Status;

/// <summary>The order of the lanes in <c>fleet top</c>.</summary>
public enum LaneOrder
{
    /// <summary>Those with most ready runs first.</summary>
    Ready = 0,

    /// <summary>Those with most running runs first.</summary>
    Running = 1,

    /// <summary>By name.</summary>
    Name = 2,
}

/// <summary>The figures of a fleet as text: what is wrong first, then what is going on.</summary>
public static class StatusScreen
{
    private static readonly Listing<LiveLaneView> Lanes = new(lane => lane.Name)
    {
        { "LANE", lane => lane.Name, ColumnKind.Id },
        { "READY", lane => $"{lane.Ready}", ColumnKind.Id },
        { "RUNNING", lane => $"{lane.Running}", ColumnKind.Id },
        { "SLOTS", lane => $"{lane.Slots}", ColumnKind.Id },
        { "SCHEDULED", lane => $"{lane.Scheduled}", ColumnKind.Id },
        { "OLDEST", lane => lane.OldestReadyAt },
    };

    /// <summary>What is wrong, a line or two for each; or one line that says that all is well.</summary>
    /// <param name="figures">The figures.</param>
    /// <param name="hasColor">Whether severities are coloured.</param>
    /// <param name="hasAdvice">Whether each says what to do.</param>
    public static IEnumerable<string> Findings(LiveFiguresView figures, bool hasColor, bool hasAdvice)
    {
        if (figures.Problem is { } problem)
            yield return Word("error", hasColor) + $"{Plain.Line(problem)} The figures are those of {Times.Instant(figures.At)}.";
        if (figures.Findings.Count == 0 && figures.Problem is null)
            yield return $"All is well. {Times.Instant(figures.At)}";
        foreach (var finding in figures.Findings)
        {
            yield return Word(finding.Severity, hasColor) + Plain.Line(finding.Sentence);
            if (hasAdvice && finding.Advice.Length > 0)
                yield return new string(' ', 9) + Plain.Line(finding.Advice);
        }
    }

    /// <summary>What is going on, in three lines.</summary>
    public static IEnumerable<string> Now(LiveFiguresView figures, DateTimeOffset now)
    {
        var oldest = figures.OldestReadyAt is { } at ? $"   oldest ready {Times.Span(now - at)}" : "";
        yield return $"runs     ready {figures.Ready}   running {figures.Running} of {figures.Slots:N0} slots   scheduled "
            + $"{figures.Scheduled}   failed {figures.Failed}{oldest}";
        var draining = figures.DrainingWorkers > 0 ? $", {figures.DrainingWorkers} draining" : "";
        yield return $"workers  {figures.ActiveWorkers} active{draining}   leader "
            + (figures.Leader is { } leader ? $"{Plain.Line(leader.Name)}, term {leader.Term}" : "none");
        if (figures.Components.Count > 0)
        {
            yield return "server   " + string.Join("   ", figures.Components.Select(c => string.Create(
                CultureInfo.InvariantCulture, $"{c.Name} {c.Status} {c.Milliseconds:0.#} ms")));
        }
    }

    /// <summary>The lanes as a table; those without work are left out when there are many.</summary>
    public static void PrintLanes(Output output, LiveFiguresView figures) => output.Table(Lanes, Sort(figures, LaneOrder.Name));

    /// <summary>The lines of <c>fleet top</c>, as many as fit.</summary>
    public static IEnumerable<string> Top(
        LiveFiguresView figures, string? lost, LaneOrder order, bool isPaused, Terminal terminal, int height, DateTimeOffset now)
    {
        var width = terminal.Width ?? int.MaxValue;
        var state = lost is not null ? $"no connection: {Plain.Line(lost)}" : isPaused ? "paused" : "live";
        var lines = new List<string> { $"fleet top   {state}   {Times.Instant(figures.At)}", "" };
        lines.AddRange(Findings(figures, hasColor: false, hasAdvice: false).Take(Math.Max(1, height / 4)));
        lines.Add("");
        lines.AddRange(Now(figures, now));
        lines.Add("");
        var lanes = Sort(figures, order).ToList();
        var rows = lanes.Select(lane => Lanes.Select(c => Plain.Line(c.Short is { } s ? s(lane, now) : c.Exact(lane))).ToArray()).ToList();
        lines.AddRange(TextTable.Lines(
            [.. Lanes.Select(c => c.Name)], [.. Lanes.Select(c => c.Kind)], rows, terminal.Width, hasColor: false));
        var help = $"q quit   s sort by {Word(Next(order))}   p {(isPaused ? "go on" : "pause")}";
        return [.. lines.Take(Math.Max(1, height - 2)).Append("").Append(help).Select(line => Cut(line, width))];
    }

    /// <summary>The order after this one.</summary>
    public static LaneOrder Next(LaneOrder order) => (LaneOrder)(((int)order + 1) % 3);

    private static string Word(LaneOrder order) => order switch
    {
        LaneOrder.Ready => "ready",
        LaneOrder.Running => "running",
        _ => "name",
    };

    private static IEnumerable<LiveLaneView> Sort(LiveFiguresView figures, LaneOrder order) => order switch
    {
        LaneOrder.Ready => figures.Lanes.OrderByDescending(l => l.Ready.Value).ThenBy(l => l.Name, StringComparer.Ordinal),
        LaneOrder.Running => figures.Lanes.OrderByDescending(l => l.Running.Value).ThenBy(l => l.Name, StringComparer.Ordinal),
        _ => figures.Lanes.OrderBy(l => l.Name, StringComparer.Ordinal),
    };

    private static string Word(string severity, bool hasColor)
    {
        var word = severity.PadRight(9);
        return hasColor ? Colors.State(severity == "error" ? "failed" : "warning").Replace(
            severity == "error" ? "failed" : "warning", word, StringComparison.Ordinal) : word;
    }

    private static string Cut(string line, int width) => line.Length <= width ? line : line[..Math.Max(0, width - 1)] + "…";
}
