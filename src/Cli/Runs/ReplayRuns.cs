using System.CommandLine;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run replay ID</c>: gives a failed or canceled run a new start.</summary>
public static class ReplayRuns
{
    public static Command Command(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var command = new Command("replay", "Start a failed or canceled run again.") { id, cli.DryRunOption };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.PostAsync($"{GetRuns.Path(parsed.GetRequiredValue(id))}/replay{cli.DryRunQuery(parsed)}", null, ct);
            var run = api.Read(answer, ApiJson.Default.EnqueuedView).Id;
            cli.Output(parsed).Answer(answer, run, parsed.GetValue(cli.DryRunOption) ? $"{run} would be replayed" : run);
        });
        return command;
    }
}
