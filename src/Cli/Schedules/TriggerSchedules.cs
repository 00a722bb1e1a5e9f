using System.CommandLine;
using Fleet.Cli.Runs;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule trigger ID</c>: makes a run of a schedule now, outside its fire times.</summary>
public static class TriggerSchedules
{
    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("trigger", "Enqueue a run of a schedule now and print its id.") { id, cli.DryRunOption };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.PostAsync(
                $"{GetSchedules.Path(parsed.GetRequiredValue(id))}/trigger{cli.DryRunQuery(parsed)}", null, ct);
            var run = api.Read(answer, ApiJson.Default.EnqueuedView).Id;
            cli.Output(parsed).Answer(answer, run, parsed.GetValue(cli.DryRunOption) ? "would be triggered" : run);
            if (!parsed.GetValue(cli.DryRunOption))
                await ExplainRuns.WarnAsync(api, run, cli.Time, ct);
        });
        return command;
    }
}
