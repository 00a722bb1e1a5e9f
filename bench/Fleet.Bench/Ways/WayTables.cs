using System.Text;

namespace Fleet.Bench;

/// <summary>The ways as Markdown: a row for each with its number of workers, and the ratios that Fleet is held to.</summary>
internal static class WayTables
{
    private static readonly (string Title, string What, string Format)[] Columns =
    [
        ("connections", "connections", "N0"),
        ("round trips", "trips", "0.00"),
        ("statements", "statements", "0.00"),
        ("CPU, µs", "cpu", "N0"),
        ("– worker", "cpu.worker", "N0"),
        ("– scheduler", "cpu.scheduler", "N0"),
        ("– postgres", "cpu.postgres", "N0"),
        ("– rabbitmq", "cpu.rabbitmq", "N0"),
        ("refusals", "refusals", "N0"),
        ("attempts spent", "spent", "N0"),
    ];

    /// <summary>The table and the ratios; empty when no way was measured.</summary>
    public static string Write(Results results)
    {
        var rows = results.All.SelectMany(
            r => r.Contender.Ways.SelectMany(way => way.Workers.Select(workers => (Result: r, Way: way, Workers: workers))))
            .Where(row => row.Result.Median(row.Way.Figure(row.Workers)) is not null)
            .ToList();
        if (rows.Count == 0)
            return "";

        var text = new StringBuilder().AppendLine();
        text.Append("| way | contender | workers | jobs/s (jobs) | ").AppendJoin(" | ", Columns.Select(c => c.Title)).AppendLine(" |");
        text.Append("|---|---|--:|--:|").Append(string.Concat(Columns.Select(_ => "--:|"))).AppendLine();
        foreach (var (result, way, workers) in rows)
        {
            text.Append("| ").Append(way.Name).Append(" | ").Append(result.Contender.Name).Append(" | ").Append(workers).Append(" | ")
                .Append($"{result.Median(way.Figure(workers)):N0} ({result.Counts[way.Figure(workers)]:N0})").Append(" | ")
                .AppendJoin(
                    " | ", Columns.Select(c => result.Median(way.Figure(workers, c.What))?.ToString(c.Format) ?? "")).AppendLine(" |");
        }

        var aims = Aims.Of(results);
        if (aims.Count == 0)
            return text.ToString();
        text.AppendLine().AppendLine("| ratio, within one round | is | has to be | |").AppendLine("|---|--:|--:|---|");
        foreach (var aim in aims)
            text.AppendLine(
                $"| {aim.Name} | {aim.Value.ToString(aim.Format)} | {aim.Bound} | {(aim.IsReached ? "reached" : "**not reached**")} |");
        return text.ToString();
    }
}
