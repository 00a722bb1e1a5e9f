using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Cli.Views;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run list</c>: the latest runs, newest first; those that match a query, when there is one.</summary>
public static class ListRuns
{
    /// <summary>Without a query: what has happened, and what could happen now.</summary>
    private const string NotScheduled = "state:ready,running,succeeded,failed,canceled";

    private static readonly Option<int?> Limit = NumberOption.Make("--limit", 1, 500, "How many at most. Default: the server's.", "N");

    private static readonly Option<string> View = new("--view")
    {
        Description = "The query, columns and order of this saved view; a query is added to its own.",
        HelpName = "NAME",
    };

    internal static readonly Listing<RunView> Listing = new(run => run.Id)
    {
        { "ID", run => run.Id, ColumnKind.Id },
        { "JOB", run => run.Job },
        { "STATE", run => run.State, ColumnKind.State },
        { "ATTEMPT", run => $"{run.Attempt}" },
        { "WHEN", When },
        { "ERROR", Why },
        { "LANE", run => run.Lane, ColumnKind.Text, true },
        { "CREATED", run => run.CreatedAt, true },
        { "DUE", run => run.DueAt, true },
        { "STARTED", run => run.StartedAt, true },
        { "FINISHED", run => run.FinishedAt, true },
        { "WORKER", run => run.Worker, ColumnKind.Text, true },
        { "SCHEDULE", run => run.ScheduleId, ColumnKind.Text, true },
        { "TAGS", run => string.Join(',', run.Tags), ColumnKind.Text, true },
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List the latest runs.");
        var terms = RunTerms.AddTo(command);
        command.Add(Limit);
        command.Add(View);
        command.Add(cli.ColumnsOption);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var view = parsed.GetValue(View) is { } name
                ? api.Read(await api.GetAsync(SavedViews.Path(name), ct), ApiJson.Default.SavedViewView)
                : null;
            var output = cli.Output(parsed, Listing, ColumnsOf(view));
            var leavesOutScheduled = view is null && terms.AreWithoutQuery(parsed);
            var path = terms.Path(
                parsed, "runs", view?.Query ?? (leavesOutScheduled ? NotScheduled : null), ("limit", parsed.GetValue(Limit)?.ToString()));
            var answer = await api.GetAsync(path, ct);
            var page = api.Read(answer, ApiJson.Default.Runs);
            var items = api.Items(answer);
            var order = Order(page.Items, items, view?.Sort);
            if (leavesOutScheduled && output.IsText)
                Output.Remark("Runs that are due later are left out; --state scheduled lists them.");
            output.Print(
                JsonSerializer.SerializeToElement(order.Select(i => items[i]), ApiJson.Default.IEnumerableJsonElement),
                [.. order.Select(i => page.Items[i])], None(page.Scanned));
            TellOfErrors(output, page.Items);
            if (page.Next is not null && page.Items.Count > 0)
                Output.Remark("There are more; raise --limit.");
        });
        return command;
    }

    /// <summary>The order of a page: by the column of the view, else by what happened last, which is not the order in which the runs were
    /// made.</summary>
    private static List<int> Order(IReadOnlyList<RunView> runs, JsonElement items, string? sort)
    {
        var all = Enumerable.Range(0, runs.Count);
        if (sort is null)
            return [.. all.OrderByDescending(i => When(runs[i]))];
        var column = sort.TrimStart('-');
        var order = all.OrderBy(i => Number(Member(i))).ThenBy(i => Member(i)?.ToString(), StringComparer.Ordinal).ToList();
        if (sort.StartsWith('-'))
            order.Reverse();
        return order;

        JsonElement? Member(int i) => items[i].TryGetProperty(column, out var member) ? member : null;
        static double Number(JsonElement? value) => value is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0;
    }

    /// <summary>The columns of a view that the table has.</summary>
    private static string? ColumnsOf(SavedViewView? view)
    {
        var known = view?.Columns?.Select(c => c switch
        {
            "errorType" => "ERROR",
            "scheduleId" => "SCHEDULE",
            _ when c.EndsWith("At", StringComparison.Ordinal) => c[..^2].ToUpperInvariant(),
            _ => c.ToUpperInvariant(),
        }).Where(name => Listing.Any(column => column.Name == name)).ToList();
        return known is { Count: > 0 } ? string.Join(',', known) : null;
    }

    internal static string None(ScannedView scanned) => scanned.Complete
        ? "No runs."
        : $"No runs among the latest {scanned.Rows}, back to {scanned.BackTo:yyyy-MM-dd HH:mm:ss}Z; add since: or until:.";

    /// <summary>A table has room for the type of an error only, and lists do not carry more.</summary>
    internal static void TellOfErrors(Output output, IReadOnlyList<RunView> runs)
    {
        if (output.Format == OutputFormat.Table
            && runs.FirstOrDefault(run => run is { ErrorType: not null, CancelCause: null }) is { } failed)
        {
            Output.Remark($"The message and the stack of an error: fleet run get {failed.Id}");
        }
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
