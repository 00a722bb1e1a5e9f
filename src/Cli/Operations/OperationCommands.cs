using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Operations;

/// <summary><c>fleet operation list|get|watch|cancel</c>: changes of all runs that match a query.</summary>
public static class OperationCommands
{
    private const int MaxLimit = 500;

    private static readonly Listing<OperationView> Listing = new(operation => operation.Id)
    {
        { "ID", operation => operation.Id, ColumnKind.Id },
        { "KIND", operation => operation.Kind },
        { "STATE", operation => operation.State, ColumnKind.State },
        { "MATCHED", operation => operation.Matched.ToString() },
        { "DONE", operation => Number(operation.Done) },
        { "SKIPPED", operation => Number(operation.Skipped.Changed + operation.Skipped.Gone) },
        { "FAILED", operation => Number(operation.Failed) },
        { "CREATED", operation => operation.CreatedAt },
        { "QUERY", operation => operation.Query },
        { "BY", operation => operation.CreatedBy?.ToString(), ColumnKind.Text, true },
        { "REASON", operation => operation.Reason, ColumnKind.Text, true },
    };

    /// <summary>All commands.</summary>
    public static IEnumerable<Command> Commands(CommandContext cli) => [List(cli), Get(cli), WatchOperations.Command(cli), Cancel(cli)];

    /// <summary>The argument that names an operation.</summary>
    internal static Argument<string> IdArgument() => new("ID") { Description = "The operation's id." };

    /// <summary>Where the API keeps an operation.</summary>
    internal static string Path(string id) => $"operations/{Uri.EscapeDataString(id)}";

    private static Command List(CommandContext cli)
    {
        var state = new Option<string>("--state") { Description = "Only operations in this state.", HelpName = "STATE" }
            .AcceptOnlyFromAmong("running", "completed", "canceled");
        var limit = NumberOption.Make("--limit", 1, MaxLimit, "How many at most, the newest first. Default: 50.", "N");
        var command = new Command("list", "List the operations, the newest first.") { state, limit, cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var query = new[]
            {
                ("state", parsed.GetValue(state)), ("limit", parsed.GetValue(limit)?.ToString(CultureInfo.InvariantCulture)),
            };
            var page = await api.GetAsync(
                "operations?" + string.Join('&', query.Where(q => q.Item2 is not null).Select(q => $"{q.Item1}={q.Item2}")), ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Operations).Items, "No operations.");
        });
        return command;
    }

    private static Command Get(CommandContext cli)
    {
        var id = IdArgument();
        var command = new Command("get", "Show an operation and how far it is.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var operation = parsed.GetRequiredValue(id);
            var answer = await api.GetAsync(Path(operation), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, operation, () => Show(api.Read(answer, ApiJson.Default.OperationView), output));
        });
        return command;
    }

    private static Command Cancel(CommandContext cli)
    {
        var id = IdArgument();
        var reason = new Option<string>("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };
        var command = new Command("cancel", "Stop an operation; the runs that had their turn stay changed.") { id, reason };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var operation = parsed.GetRequiredValue(id);
            var body = new JsonObject();
            if (parsed.GetValue(reason) is { } why)
                body["reason"] = why;
            var answer = await api.PostAsync(Path(operation) + "/cancel", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
            var counts = OperationText.Counts(api.Read(answer, ApiJson.Default.OperationView));
            cli.Output(parsed).Answer(answer, operation, $"{operation} canceled: {counts}");
        });
        return command;
    }

    private static void Show(OperationView operation, Output output)
    {
        var facts = new Facts();
        facts.Add("id", operation.Id);
        facts.Add("kind", operation.Kind);
        facts.AddState("state", operation.State);
        facts.Add("query", operation.Query);
        facts.Add("lanes", operation.Lanes is { } lanes ? string.Join(", ", lanes) : null);
        facts.Add("reason", operation.Reason);
        facts.Add("matched", $"{operation.Matched}, at {Times.Instant(operation.Horizon.At)}");
        facts.Add("so far", OperationText.Counts(operation));
        facts.Add("error", operation.Error);
        facts.Add("rate", $"{operation.Rate} runs per second at most");
        facts.Add("created", $"{Times.Instant(operation.CreatedAt)} by {operation.CreatedBy}");
        facts.Add("ended", operation.FinishedAt is { } at ? Times.Instant(at) : null);
        facts.Add("canceled by", operation.CanceledBy?.ToString());
        output.Facts(facts);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
