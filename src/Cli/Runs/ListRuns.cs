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

    private static readonly Option<int?> Limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: the server's.", "N");

    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List the latest runs.");
        var terms = RunTerms.AddTo(command);
        command.Add(Limit);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync(terms.Path(parsed, "runs", NotScheduled, ("limit", parsed.GetValue(Limit)?.ToString())), ct);
            if (cli.WantsJson(parsed))
                Screen.Json(page);
            else
                Show(api.Read(page, ApiJson.Default.Runs), terms.AreWithoutQuery(parsed), cli.Time.GetUtcNow());
        });
        return command;
    }

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
                Screen.Cell(Why(run)));
        }

        Screen.Show(table);
        if (page.Next is not null)
            Console.Error.WriteLine("There are more; raise --limit.");
    }

    /// <summary>The type of the error, or who canceled the run; null when there is neither. <c>fleet run get</c> has the text.</summary>
    public static string? Why(RunView run) => run switch
    {
        { CanceledBy: { } by } => $"{run.CancelCause}, by {by}",
        { CancelCause: { } cause } => cause,
        _ => run.ErrorType,
    };

    /// <summary>The instant that says most about a run: when it ended, else started, else is due.</summary>
    public static DateTimeOffset? When(RunView run) => run.State switch
    {
        "pending" => run.DueAt,
        "running" => run.StartedAt,
        _ => run.FinishedAt,
    } ?? run.CreatedAt;
}
