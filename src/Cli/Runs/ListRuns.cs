using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run list</c>: the latest runs, newest first; those that match a query, when there is one.</summary>
public static class ListRuns
{
    /// <summary>Without a query: what has happened, and what could happen now.</summary>
    private const string NotScheduled = "state:ready,running,succeeded,failed,canceled";

    private static readonly Argument<string[]> Query = new("query")
    {
        Description = "What to search for, such as: job:report.* state:failed since:1h",
        HelpName = "QUERY",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string> State = new Option<string>("--state")
    {
        Description = "Only runs in this state.",
        HelpName = "STATE",
    }
        .AcceptOnlyFromAmong("pending", "ready", "scheduled", "running", "succeeded", "failed", "canceled", "dead");

    private static readonly Option<string> Job = new("--job") { Description = "Only runs of this job.", HelpName = "NAME" };
    private static readonly Option<string> Lane = new("--lane") { Description = "Only runs in this lane.", HelpName = "NAME" };
    private static readonly Option<string> Schedule = new("--schedule") { Description = "Only runs of this schedule.", HelpName = "ID" };
    private static readonly Option<int?> Limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: the server's.", "N");

    public static Command Command(CommandContext cli)
    {
        Query.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } option)
                result.AddError($"'{option.Value}' is no option of this command; a term of a query is written field:value.");
        });
        var command = new Command("list", "List the latest runs.") { Query, State, Job, Lane, Schedule, Limit };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync(Path(parsed), ct);
            if (cli.WantsJson(parsed))
                Screen.Json(page);
            else
                Show(api.Read(page, ApiJson.Default.Runs), IsWithoutQuery(parsed), cli.Time.GetUtcNow());
        });
        return command;
    }

    private static string Path(ParseResult parsed)
    {
        var query = new[]
        {
            ("q", IsWithoutQuery(parsed) ? NotScheduled : string.Join(' ', parsed.GetValue(Query)!)),
            ("state", parsed.GetValue(State)),
            ("job", parsed.GetValue(Job)),
            ("lane", parsed.GetValue(Lane)),
            ("schedule", parsed.GetValue(Schedule)),
            ("limit", parsed.GetValue(Limit)?.ToString()),
        };
        var given = query.Where(q => q.Item2 is { Length: > 0 });
        return "runs?" + string.Join('&', given.Select(q => $"{q.Item1}={Uri.EscapeDataString(q.Item2!)}"));
    }

    private static bool IsWithoutQuery(ParseResult parsed) => parsed.GetValue(Query) is not { Length: > 0 }
        && parsed.GetValue(State) is null && parsed.GetValue(Schedule) is null;

    private static void Show(RunPageView page, bool leavesOutScheduled, DateTimeOffset now)
    {
        if (leavesOutScheduled)
            Console.Error.WriteLine("Runs that are due later are left out; --state scheduled lists them.");
        if (page is { Items.Count: 0, Scanned.Complete: true })
        {
            Screen.Line("No runs.");
            return;
        }

        if (!page.Scanned.Complete && page.Items.Count == 0)
        {
            Screen.Line(
                $"No runs among the latest {page.Scanned.Rows}, back to {page.Scanned.BackTo:yyyy-MM-dd HH:mm:ss}Z; add since: or until:.");
            return;
        }

        var table = Screen.Table("ID", "JOB", "STATE", "ATTEMPT", "WHEN", "ERROR");
        foreach (var run in page.Items.OrderByDescending(When))
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
