using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Fleet.Samples;

/// <summary>How the runs of one job went.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Counts">Runs per state; a state that is missing has none.</param>
/// <param name="MeanSeconds">Of the latest attempts of the runs that succeeded or failed; null when there is none.</param>
/// <param name="P95Seconds">95 of 100 of them took no longer.</param>
/// <param name="LastError">The error of the run that failed last.</param>
public sealed record JobLine(
    string Job, IReadOnlyDictionary<RunState, int> Counts, double? MeanSeconds, double? P95Seconds, string? LastError)
{
    /// <summary>0 to 1, of the runs that succeeded or failed; null when there is none.</summary>
    public double? SuccessRate => Count(RunState.Succeeded) + Count(RunState.Failed) is > 0 and var ended
        ? (double)Count(RunState.Succeeded) / ended
        : null;

    public int Count(RunState state) => Counts.GetValueOrDefault(state);
}

/// <summary>A summary of runs, as text for people and for spreadsheets.</summary>
/// <param name="Title">What it is about.</param>
/// <param name="From">Runs that ended (or, not ended yet, were due) at or after this.</param>
/// <param name="To">And before this.</param>
/// <param name="Lines">One per job.</param>
public sealed record RunReport(string Title, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<JobLine> Lines)
{
    private const string LineEnd = "\r\n";

    private static readonly RunState[] States = Enum.GetValues<RunState>();
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",;\"\r\n\t");

    /// <summary>The value below or at which 95 of 100 values lie (nearest rank); null for no values.</summary>
    /// <param name="sorted">In ascending order.</param>
    public static double? P95(IReadOnlyList<double> sorted) =>
        sorted.Count == 0 ? null : sorted[(int)Math.Ceiling(sorted.Count * 0.95) - 1];

    /// <summary>The report as CSV: RFC 4180, a heading, one line per job.</summary>
    public string ToCsv()
    {
        var text = new StringBuilder("job,").AppendJoin(',', States.Select(Word))
            .Append(",success_rate,mean_seconds,p95_seconds,last_error").Append(LineEnd);
        foreach (var line in Lines)
        {
            text.Append(CsvText(line.Job)).Append(',').AppendJoin(',', States.Select(line.Count))
                .Append(',').Append(Number(line.SuccessRate, "0.####"))
                .Append(',').Append(Number(line.MeanSeconds, "0.###"))
                .Append(',').Append(Number(line.P95Seconds, "0.###"))
                .Append(',').Append(CsvText(line.LastError ?? "")).Append(LineEnd);
        }

        return text.ToString();
    }

    /// <summary>The report as a page of HTML that needs nothing else.</summary>
    public string ToHtml()
    {
        var text = new StringBuilder($$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>{{Html(Title)}}</title>
            <style>body{font:14px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}
            th,td{padding:.3em .8em;border-bottom:1px solid #ccc}
            td.n{text-align:right;font-variant-numeric:tabular-nums}td.e{max-width:40em;overflow-wrap:anywhere}</style></head>
            <body><h1>{{Html(Title)}}</h1><p>{{From:u}} to {{To:u}}</p>
            <table><thead><tr><th>Job</th>
            """);
        foreach (var state in States)
            text.Append($"<th>{state}</th>");
        text.Append("<th>Success</th><th>Mean s</th><th>p95 s</th><th>Last error</th></tr></thead><tbody>\n");
        foreach (var line in Lines)
        {
            text.Append($"<tr><td>{Html(line.Job)}</td>");
            foreach (var cell in States.Select(s => line.Count(s).ToString(CultureInfo.InvariantCulture)).Concat(
                [Number(line.SuccessRate, "0.0 %"), Number(line.MeanSeconds, "0.000"), Number(line.P95Seconds, "0.000")]))
            {
                text.Append($"<td class=\"n\">{Html(cell)}</td>");
            }

            text.Append($"<td class=\"e\">{Html(line.LastError ?? "")}</td></tr>\n");
        }

        return text.Append(Lines.Count == 0 ? "</tbody></table><p>No runs.</p></body></html>\n" : "</tbody></table></body></html>\n")
            .ToString();
    }

    /// <summary>One cell of text. What a spreadsheet would take for a formula gets an apostrophe before it; commas, quotes and
    /// line ends are quoted.</summary>
    public static string CsvText(string value)
    {
        // A spreadsheet trims blanks before it looks for the sign, so the first visible character decides.
        var visible = value.TrimStart();
        if (value.Length > 0
            && (value[0] is '\t' or '\r' or '\n' || (visible.Length > 0 && "=+-@＝＋－＠".Contains(visible[0], StringComparison.Ordinal))))
            value = "'" + value;
        return value.AsSpan().IndexOfAny(NeedQuotes) < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Html(string value) => WebUtility.HtmlEncode(value);

    private static string Word(RunState state) => state.ToString().ToLowerInvariant();

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
