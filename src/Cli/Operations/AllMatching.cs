using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Runs;
using Fleet.Client;
using Fleet.Core.Text;

namespace Fleet.Cli.Operations;

/// <summary>The form of <c>fleet run cancel|replay|delete</c> that changes all runs that match a query, and of <c>fleet dead replay</c>
/// that replays a group: the server tells first what it would change, and then does it as one operation.</summary>
internal sealed class AllMatching
{
    private const int MaxRate = 10_000;

    private readonly Option<string> _which;
    private readonly Func<string, string> _toQuery;
    private readonly Option<int?> _rate;
    private readonly Option<bool> _noWait;
    private readonly Option<string> _reason;

    private AllMatching(Option<string> which, Func<string, string> toQuery, Option<string>? reason)
    {
        (_which, _toQuery) = (which, toQuery);
        _rate = NumberOption.Make("--rate", 1, MaxRate, $"With {which.Name}: how many runs per second at most. Default: 500.", "N");
        _noWait = new("--no-wait") { Description = $"With {which.Name}: do not wait until all had their turn." };
        _reason = reason ?? new("--reason") { Description = $"With {which.Name}: why, for the record.", HelpName = "TEXT" };
    }

    /// <summary>Adds <c>--all-matching</c> and its options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="ids">Its argument for single runs.</param>
    /// <param name="reason">Its option for a reason; null if only the operation takes one.</param>
    public static AllMatching AddTo(Command command, Argument<string[]> ids, Option<string>? reason = null) => AddTo(
        command,
        ids,
        new Option<string>("--all-matching")
        {
            Description = "Instead of ids: all runs that match this query, such as 'state:failed job:report.* since:1h'.",
            HelpName = "QUERY",
        },
        query => query,
        reason);

    /// <summary>Adds <c>--group</c> and its options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="ids">Its argument for single runs.</param>
    public static AllMatching AddGroupTo(Command command, Argument<string[]> ids)
    {
        var group = new Option<string>("--group")
        {
            Description = "Instead of ids: all dead letters of this group, as one operation of the server.",
            HelpName = "FINGERPRINT",
        };
        group.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } text && !Fingerprint.IsWellFormed(text))
                result.AddError($"--group: '{text}' is no fingerprint; 'fleet dead group list' shows them.");
        });
        return AddTo(command, ids, group, fingerprint => $"fingerprint:{fingerprint}", reason: null);
    }

    private static AllMatching AddTo(
        Command command, Argument<string[]> ids, Option<string> which, Func<string, string> toQuery, Option<string>? reason)
    {
        var all = new AllMatching(which, toQuery, reason);
        command.Add(which);
        command.Add(all._rate);
        command.Add(all._noWait);
        if (reason is null)
            command.Add(all._reason);
        command.Validators.Add(result =>
        {
            var isGiven = result.GetResult(which) is not null;
            var single = result.GetResult(ids)?.Tokens.Count > 0;
            if (isGiven == single)
                result.AddError(isGiven ? $"ID and {which.Name} do not go together." : $"ID: give the ids of runs, or {which.Name}.");
            if (!isGiven && new Option[] { all._rate, all._noWait }.Concat(reason is null ? [all._reason] : [])
                    .FirstOrDefault(o => result.GetResult(o) is not null) is { } alone)
                result.AddError($"{alone.Name}: it goes with {which.Name}.");
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
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_which) is not null;

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
        var body = new CreateOperationBody { Kind = kind, Query = _toQuery(parsed.GetRequiredValue(_which)) };
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
