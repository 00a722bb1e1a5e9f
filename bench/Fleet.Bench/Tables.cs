using System.Text;

namespace Fleet.Bench;

/// <summary>The result as Markdown: what is printed is what docs/benchmarks.md holds.</summary>
internal static class Tables
{
    private static readonly (string Title, (string Name, string Figure, string Count)[] Rows)[] All =
    [
        ("Rates, jobs per second (number of jobs)",
        [
            ("bulk enqueue", "bulk", "bulk"),
            ("single enqueue, 64 callers", "single", "single"),
            ("the same over HTTP", "http", "http"),
            ("drain, after bulk", "drain", "drain"),
            ("drain, after single", "drain_single", "drain_single"),
            ("both at once, 64 callers", "both", "both"),
        ]),
        ("Times, ms",
        [
            ("enqueue to first line at 50/s, p50", "latency.p50", ""),
            ("the same, p99", "latency.p99", ""),
            ("1,000 jobs due at once: last start", "due.1000", ""),
            ("10,000 jobs due at once", "due.10000", ""),
            ("1,000 schedules due at once", "schedules.1000", ""),
            ("10,000 schedules due at once", "schedules.10000", ""),
            ("worker process start to first job", "first_job", ""),
        ]),
        ("CPU, µs per job",
        [
            .. new[] { ("bulk", "bulk enqueue"), ("drain", "drain"), ("both", "both at once") }.SelectMany(phase =>
                new[] { "", ".client", ".worker", ".scheduler", ".postgres", ".rabbitmq", ".redis" }.Select(process =>
                    (process.Length == 0 ? $"{phase.Item2}, all" : $"– {process[1..]}", $"{phase.Item1}.cpu{process}", ""))),
        ]),
        ("Idle worker",
        [
            ("memory (RSS), MiB", "idle.rss", ""),
            ("CPU, % of a core", "idle.cpu", ""),
        ]),
        ("Scheduler, with all these schedules",
        [
            ("memory (RSS), MiB", "scheduler.rss", ""),
        ]),
    ];

    public static string Write(Results results)
    {
        var text = new StringBuilder();
        foreach (var (title, rows) in All)
        {
            if (rows.All(row => results.All.All(r => r.Median(row.Figure) is null)))
                continue;
            text.AppendLine().Append("| ").Append(title).Append(" | ").AppendJoin(
                " | ", results.All.Select(r => r.Contender.Name)).AppendLine(" |");
            text.Append("|---|").Append(string.Concat(results.All.Select(_ => "--:|"))).AppendLine();
            foreach (var (name, figure, count) in rows)
            {
                if (results.All.All(r => r.Median(figure) is null))
                    continue;
                text.Append("| ").Append(name).Append(" | ").AppendJoin(
                    " | ", results.All.Select(r => Cell(r, figure, count))).AppendLine(" |");
            }
        }

        text.Append(WayTables.Write(results));
        foreach (var result in results.All.Where(r => r.Errors.Count > 0))
            text.AppendLine().Append(result.Contender.Name).Append(": ").AppendJoin("; ", result.Errors).AppendLine();
        text.AppendLine().AppendJoin(", ", results.Versions.Select(v => $"{v.Key} {v.Value}")).AppendLine();
        return text.ToString();
    }

    private static string Cell(Result result, string figure, string count)
    {
        if (result.Median(figure) is not { } value)
            return "";
        var shown = value.ToString(value < 10 ? "0.0" : "N0");
        return count.Length > 0 && result.Counts.TryGetValue(count, out var jobs) ? $"{shown} ({Short(jobs)})" : shown;
    }

    private static string Short(int jobs) => jobs >= 1000 ? $"{jobs / 1000.0:0.#}k" : $"{jobs}";
}
