using System.CommandLine;
using System.Text;
using System.Text.Json;
using Fleet.Cli.Operations;
using Fleet.Cli.Printing;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.DeadLetters;

/// <summary><c>fleet dead replay</c>, <c>fleet dead edit</c> and <c>fleet dead discard</c>.</summary>
public static class ChangeDeadLetters
{
    private static readonly RunChange Replaying = new("Replay", "Replaying");

    private static readonly RunChange Discarding = new("Discard", "Discarding", Destroys: true);

    /// <summary><c>fleet dead replay</c>.</summary>
    public static Command ReplayCommand(CommandContext cli)
    {
        var ids = AllMatching.IdArgument();
        var command = new Command("replay", "Start dead letters again.") { ids, cli.DryRunOption };
        var group = AllMatching.AddGroupTo(command, ids);
        cli.Confirm.AddTo(command);
        command.SetAction((parsed, ct) => group.IsGiven(parsed)
            ? group.ExecuteAsync(cli, parsed, "replay", Replaying, ct)
            : EachRun.ChangeAsync(cli, parsed, ids, Replaying, async (api, id, _, isDryRun) =>
        {
            var answer = await api.PostAsync(
                $"{GetRuns.Path(id, "dead-letters")}/replay{CommandContext.DryRunQuery(isDryRun)}", null, ct);
            var output = cli.Output(parsed);
            return new DoneRun(answer, () => output.Line(isDryRun ? $"{id} would be replayed" : id));
        }));
        return command;
    }

    /// <summary><c>fleet dead edit</c>.</summary>
    public static Command EditCommand(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var args = new Option<string>("--args") { Description = "All args anew, as JSON.", HelpName = "JSON" };
        var patch = new Option<string>("--patch")
        {
            Description = "The members that change, as JSON; null removes one. Secrets that it does not name stay.",
            HelpName = "JSON",
        };
        var command = new Command("edit", "Start a dead letter again with other args.") { id, args, patch, cli.DryRunOption };
        cli.Confirm.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(args) is null == result.GetValue(patch) is null)
                result.AddError("Give either --args or --patch.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var body = new ReplayDeadLetterBody
            {
                Args = ReadJson("--args", parsed.GetValue(args)),
                Patch = ReadJson("--patch", parsed.GetValue(patch)),
            };
            using var api = cli.Connect(parsed);
            var run = parsed.GetRequiredValue(id);
            var path = $"{GetRuns.Path(run, "dead-letters")}/replay";
            var json = JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.ReplayDeadLetterBody);
            cli.Confirm.Expect(parsed, 1);
            var answer = await api.PostAsync(path + "?dryRun=true", json, ct);
            var isDryRun = parsed.GetValue(cli.DryRunOption);
            if (!isDryRun)
            {
                if (!parsed.GetValue(cli.Confirm.YesOption))
                    Output.Remark(string.Join('\n', Lines(api.Read(answer, ApiJson.Default.ReplayedView))));
                cli.Confirm.Ask(parsed, $"Replay run {run} with these args");
                answer = await api.PostAsync(path, json, ct);
            }

            var output = cli.Output(parsed);
            output.Answer(answer, run, () =>
            {
                output.Line(isDryRun ? $"{run} would be replayed" : run);
                foreach (var line in Lines(api.Read(answer, ApiJson.Default.ReplayedView)))
                    output.Line(line);
            });
        });
        return command;
    }

    /// <summary><c>fleet dead discard</c>.</summary>
    public static Command DiscardCommand(CommandContext cli)
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "The run's id; several for several runs.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var group = new Option<string>("--group")
        {
            Description = "All dead letters of this group, instead of ids.",
            HelpName = "FINGERPRINT",
        };
        var reason = new Option<string>("--reason") { Description = "Why nobody needs them.", HelpName = "TEXT", Required = true };
        var command = new Command("discard", "Discard dead letters: the runs stay failed, and leave the list.")
        {
            ids, group, reason, cli.DryRunOption,
        };
        cli.Confirm.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(group) is null == (result.GetValue(ids) is not { Length: > 0 }))
                result.AddError("Give either ids or --group.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(
                new DiscardBody { Reason = parsed.GetRequiredValue(reason) }, ApiJson.Default.DiscardBody);
            return parsed.GetValue(group) is { } print
                ? await DiscardGroupAsync(cli, parsed, print, body, ct)
                : await EachRun.ChangeAsync(cli, parsed, ids, Discarding, async (api, id, _, isDryRun) =>
                {
                    var answer = await api.PostAsync(
                        $"{GetRuns.Path(id, "dead-letters")}/discard{CommandContext.DryRunQuery(isDryRun)}", body, ct);
                    var output = cli.Output(parsed);
                    return new DoneRun(answer, () => output.Line(isDryRun ? $"{id} would be discarded" : $"{id} discarded"));
                });
        });
        return command;
    }

    private static async Task<int> DiscardGroupAsync(
        CommandContext cli, ParseResult parsed, string print, byte[] body, CancellationToken ct)
    {
        using var api = cli.Connect(parsed);
        var path = $"{DeadGroups.Path(print)}/discard";
        var answer = await api.PostAsync(path + "?dryRun=true", body, ct);
        var would = api.Read(answer, ApiJson.Default.DiscardedView);
        var (count, isDryRun) = (would.Discarded, parsed.GetValue(cli.DryRunOption));
        cli.Confirm.Expect(parsed, count);
        if (!isDryRun)
        {
            cli.Confirm.Ask(parsed, $"Discard {count}{(would.More ? " or more" : "")} dead letters of {print}", count);
            var (done, more) = (0, true);
            while (more)
            {
                answer = await api.PostAsync(path, body, ct);
                var view = api.Read(answer, ApiJson.Default.DiscardedView);
                (done, more) = (done + view.Discarded, view.More);
            }

            count = done;
            answer = JsonSerializer.SerializeToElement(new DiscardedView { Discarded = done }, ApiJson.Default.DiscardedView);
        }

        cli.Output(parsed).Answer(
            answer, print, isDryRun ? $"{count}{(would.More ? " or more" : "")} would be discarded" : $"{count} discarded");
        return (int)ExitCode.Ok;
    }

    private static JsonElement? ReadJson(string option, string? text)
    {
        if (text is null)
            return null;
        try
        {
            return JsonElement.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException e)
        {
            throw new UsageException($"{option}: this is no JSON: {e.Message}");
        }
    }

    private static IEnumerable<string> Lines(ReplayedView view) => view.Diff.Count == 0
        ? ["The args stay as they are."]
        : view.Diff.Select(c => Plain.Line($"  {c.Path}: {Text(c.Before)} -> {Text(c.After)}"));

    private static string Text(JsonElement? value) => value is { } known ? known.GetRawText() : "(none)";
}
