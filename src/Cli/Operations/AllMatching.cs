using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.Operations;

/// <summary>The form of <c>fleet run cancel|replay|delete</c> that changes all runs that match a query: the server tells first what it
/// would change, and then does it as one operation.</summary>
internal sealed class AllMatching
{
    private const int MaxRate = 10_000;

    private readonly Argument<string[]> _ids;

    private readonly Option<string> _query = new("--all-matching")
    {
        Description = "Instead of ids: all runs that match this query, such as 'state:failed job:report.* since:1h'.",
        HelpName = "QUERY",
    };

    private readonly Option<int?> _rate = NumberOption.Make(
        "--rate", 1, MaxRate, "With --all-matching: how many runs per second at most. Default: 500.", "N");

    private readonly Option<bool> _noWait = new("--no-wait")
    {
        Description = "With --all-matching: do not wait until all had their turn.",
    };

    private readonly Option<string> _reason;

    private AllMatching(Argument<string[]> ids, Option<string> reason) => (_ids, _reason) = (ids, reason);

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="ids">Its argument for single runs.</param>
    /// <param name="reason">Its option for a reason; null if only the operation takes one.</param>
    public static AllMatching AddTo(Command command, Argument<string[]> ids, Option<string>? reason = null)
    {
        var all = new AllMatching(
            ids, reason ?? new Option<string>("--reason") { Description = "With --all-matching: why, for the record.", HelpName = "TEXT" });
        command.Add(all._query);
        command.Add(all._rate);
        command.Add(all._noWait);
        if (reason is null)
            command.Add(all._reason);
        command.Validators.Add(result =>
        {
            var isGiven = result.GetResult(all._query) is not null;
            var single = result.GetResult(ids)?.Tokens.Count > 0;
            if (isGiven == single)
                result.AddError(isGiven ? "ID and --all-matching do not go together." : "ID: give the ids of runs, or --all-matching.");
            if (!isGiven && new Option[] { all._rate, all._noWait }.Concat(reason is null ? [all._reason] : [])
                    .FirstOrDefault(o => result.GetResult(o) is not null) is { } alone)
                result.AddError($"{alone.Name}: it goes with --all-matching.");
        });
        return all;
    }

    /// <summary>The argument for single runs, which may be left out.</summary>
    public static Argument<string[]> IdArgument()
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "The run's id; several for several runs.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        // Where several arguments are taken, the parser takes an unknown option for one of them.
        ids.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } option)
                result.AddError($"'{option.Value}' is no option of this command.");
        });
        return ids;
    }

    /// <summary>Whether the command line asks for it.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_query) is not null;

    /// <summary>Previews, asks, creates the operation, and waits for its end.</summary>
    /// <param name="cli">The context.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="kind"><c>cancel</c>, <c>replay</c> or <c>delete</c>.</param>
    /// <param name="change">What is done, in words.</param>
    /// <param name="ct">Gives up; the operation goes on.</param>
    public async Task<int> ExecuteAsync(CommandContext cli, ParseResult parsed, string kind, RunChange change, CancellationToken ct)
    {
        var output = cli.Output(parsed);
        using var api = cli.Connect(parsed);
        var body = new CreateOperationBody { Kind = kind, Query = parsed.GetValue(_query) };
        var answer = await api.PostAsync(
            "operations/preview",
            JsonSerializer.SerializeToUtf8Bytes(
                new PreviewOperationBody { Kind = body.Kind, Query = body.Query }, ApiJson.Default.PreviewOperationBody),
            ct);
        var preview = api.Read(answer, ApiJson.Default.OperationPreviewView);
        var count = preview.Count;
        cli.Confirm.Expect(parsed, count.Value, isAtLeast: count.Relation == "gte");
        if (parsed.GetValue(cli.DryRunOption) || count.Value == 0)
        {
            output.Answer(answer, kind, () => OperationText.Show(preview, output));
            return (int)ExitCode.Ok;
        }

        cli.Confirm.Ask(
            parsed, $"{change.Order} {(count.Relation == "gte" ? "at least " : "")}{(count.Value == 1 ? "1 run" : $"{count.Value} runs")}",
            count.Value);
        body = body with
        {
            Token = preview.Token,
            Expect = parsed.GetValue(cli.Confirm.ExpectOption),
            Rate = parsed.GetValue(_rate),
            Reason = parsed.GetValue(_reason),
        };
        answer = await api.PostAsync(
            "operations", JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.CreateOperationBody), ct);
        if (!parsed.GetValue(_noWait))
            return await WatchOperations.UntilEndedAsync(cli, output, api, answer, ct);
        var id = api.Read(answer, ApiJson.Default.OperationView).Id;
        output.Answer(answer, id, $"{id} is under way; follow it with 'fleet operation watch {id}'");
        return (int)ExitCode.Ok;
    }
}
