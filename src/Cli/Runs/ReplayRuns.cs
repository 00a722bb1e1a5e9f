using System.CommandLine;
using Fleet.Cli.Operations;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run replay ID…</c>: gives failed or canceled runs a new start.</summary>
public static class ReplayRuns
{
    private static readonly RunChange Change = new RunChange("Replay", "Replaying");

    public static Command Command(CommandContext cli)
    {
        var ids = AllMatching.IdArgument();
        var command = new Command("replay", "Start failed or canceled runs again.") { ids, cli.DryRunOption };
        var all = AllMatching.AddTo(command, ids);
        cli.Confirm.AddTo(command);
        command.SetAction((parsed, ct) => all.IsGiven(parsed)
            ? all.ExecuteAsync(cli, parsed, "replay", Change, ct)
            : EachRun.ChangeAsync(cli, parsed, ids, Change, async (api, _, path, isDryRun) =>
        {
            var answer = await api.PostAsync($"{path}/replay{CommandContext.DryRunQuery(isDryRun)}", null, ct);
            var run = api.Read(answer, ApiJson.Default.EnqueuedView).Id;
            var output = cli.Output(parsed);
            return new DoneRun(answer, () => output.Line(isDryRun ? $"{run} would be replayed" : run));
        }));
        return command;
    }
}
