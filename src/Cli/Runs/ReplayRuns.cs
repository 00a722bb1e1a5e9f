using System.CommandLine;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run replay ID…</c>: gives failed or canceled runs a new start.</summary>
public static class ReplayRuns
{
    public static Command Command(CommandContext cli)
    {
        var ids = EachRun.IdArgument();
        var command = new Command("replay", "Start failed or canceled runs again.") { ids, cli.DryRunOption };
        command.SetAction((parsed, ct) => EachRun.DoAsync(cli, parsed, ids, async (api, _, path) =>
        {
            var answer = await api.PostAsync($"{path}/replay{cli.DryRunQuery(parsed)}", null, ct);
            var run = api.Read(answer, ApiJson.Default.EnqueuedView).Id;
            var output = cli.Output(parsed);
            return new DoneRun(answer, () => output.Line(parsed.GetValue(cli.DryRunOption) ? $"{run} would be replayed" : run));
        }));
        return command;
    }
}
