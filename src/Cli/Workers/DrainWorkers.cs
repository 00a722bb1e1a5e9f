using System.CommandLine;
using Fleet.Client;

namespace Fleet.Cli.Workers;

/// <summary><c>fleet worker drain ID</c> and <c>fleet worker resume ID</c>.</summary>
public static class DrainWorkers
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    /// <summary>Makes <c>drain</c>.</summary>
    public static Command DrainCommand(CommandContext cli)
    {
        var id = GetWorkers.IdArgument();
        var reason = PauseOptions.Reason("worker");
        var wait = new Option<bool>("--wait") { Description = "Wait until it executes nothing any more." };
        var command = new Command("drain", "Ask a worker to finish its runs and take no new ones. Its process goes on, idle.")
        {
            id, reason, wait,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var worker = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync(
                GetWorkers.Path(worker) + "/drain", PauseOptions.Body(parsed.GetValue(reason), until: null), ct);
            while (parsed.GetValue(wait) && api.Read(answer, ApiJson.Default.WorkerDetailView).State == "draining")
            {
                await Task.Delay(BetweenLooks, cli.Time, ct);
                answer = await api.GetAsync(GetWorkers.Path(worker), ct);
            }

            cli.Output(parsed).Answer(answer, worker, $"{worker} {api.Read(answer, ApiJson.Default.WorkerDetailView).State}");
        });
        return command;
    }

    /// <summary>Makes <c>resume</c>.</summary>
    public static Command ResumeCommand(CommandContext cli)
    {
        var id = GetWorkers.IdArgument();
        var command = new Command("resume", "Let a drained worker take runs again.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var worker = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync(GetWorkers.Path(worker) + "/resume", null, ct);
            cli.Output(parsed).Answer(answer, worker, $"{worker} resumed");
        });
        return command;
    }
}
