using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run list</c>: the latest runs, newest first.</summary>
public static class ListRuns
{
    private static readonly Option<string> State = new Option<string>("--state")
    {
        Description = "Only runs in this state.",
        HelpName = "STATE",
    }
        .AcceptOnlyFromAmong("pending", "running", "succeeded", "failed", "canceled");

    private static readonly Option<string> Job = new("--job") { Description = "Only runs of this job.", HelpName = "NAME" };
    private static readonly Option<string> Lane = new("--lane") { Description = "Only runs in this lane.", HelpName = "NAME" };
    private static readonly Option<string> Schedule = new("--schedule") { Description = "Only runs of this schedule.", HelpName = "ID" };
    private static readonly Option<int?> Limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: the server's.", "N");

    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List the latest runs.") { State, Job, Lane, Schedule, Limit };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync(Path(parsed), ct);
            if (cli.WantsJson(parsed))
                Screen.Json(page);
            else
                Show(api.Read(page, ApiJson.Default.Runs), cli.Time.GetUtcNow());
        });
        return command;
    }

    private static string Path(ParseResult parsed)
    {
        var query = new[]
        {
            ("state", parsed.GetValue(State)),
            ("job", parsed.GetValue(Job)),
            ("lane", parsed.GetValue(Lane)),
            ("schedule", parsed.GetValue(Schedule)),
            ("limit", parsed.GetValue(Limit)?.ToString()),
        };
        return "runs?" + string.Join('&', query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}"));
    }

    private static void Show(Page<RunView> page, DateTimeOffset now)
    {
        if (page.Items.Count == 0)
        {
            Screen.Line("No runs.");
            return;
        }

        var table = Screen.Table("ID", "JOB", "STATE", "ATTEMPT", "WHEN", "ERROR");
        foreach (var run in page.Items)
        {
            table.AddRow(
                Screen.Cell(run.Id),
                Screen.Cell(run.Job),
                Screen.State(run.State),
                Screen.Cell($"{run.Attempt}"),
                Screen.Cell(Times.Relative(When(run), now)),
                Screen.Cell(run.Error));
        }

        Screen.Show(table);
        if (page.Next is not null)
            Console.Error.WriteLine("There are more; raise --limit.");
    }

    /// <summary>The instant that says most about a run: when it ended, else started, else is due.</summary>
    public static DateTimeOffset? When(RunView run) => run.State switch
    {
        "pending" => run.DueAt,
        "running" => run.StartedAt,
        _ => run.FinishedAt,
    } ?? run.CreatedAt;
}
