using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Lanes;

/// <summary><c>fleet lane pause LANE</c> and <c>fleet lane resume LANE</c>.</summary>
public static class PauseLanes
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    /// <summary>Makes <c>pause</c>.</summary>
    public static Command PauseCommand(CommandContext cli)
    {
        var lane = GetLanes.LaneArgument();
        var reason = PauseOptions.Reason("lane");
        var wait = new Option<bool>("--wait") { Description = "Wait until all workers have said that they claim nothing more of it." };
        var command = new Command("pause", "Pause a lane: it accepts runs, and no worker claims any. Running runs go on.")
        {
            lane, reason, PauseOptions.Until, PauseOptions.For, wait,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var until = PauseOptions.Read(parsed, cli.Time.GetUtcNow());
            using var api = cli.Connect(parsed);
            var name = parsed.GetRequiredValue(lane);
            var answer = await api.PostAsync(
                GetLanes.Path(name) + "/pause", PauseOptions.Body(parsed.GetValue(reason), until), ct);
            while (parsed.GetValue(wait) && Read(api, answer).Paused is { UnconfirmedWorkers: > 0 })
            {
                await Task.Delay(BetweenLooks, cli.Time, ct);
                answer = await api.GetAsync(GetLanes.Path(name), ct);
            }

            var view = Read(api, answer);
            var what = until is null ? $"{name} paused" : $"{name} paused until {until}";
            // A misspelt name is the usual reason.
            cli.Output(parsed).Answer(answer, name, view.Workers == 0 ? $"{what}; no worker serves it now" : what);
            if (view.Paused is { UnconfirmedWorkers: > 0 and var left })
                Output.Remark($"{left} worker(s) have not confirmed yet; 'fleet lane get {name}' shows when they have.");
        });
        return command;
    }

    /// <summary>Makes <c>resume</c>.</summary>
    public static Command ResumeCommand(CommandContext cli)
    {
        var lane = GetLanes.LaneArgument();
        var command = new Command("resume", "Resume a paused lane: the runs that wait start.") { lane };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var name = parsed.GetRequiredValue(lane);
            var answer = await api.PostAsync(GetLanes.Path(name) + "/resume", null, ct);
            cli.Output(parsed).Answer(answer, name, $"{name} resumed");
        });
        return command;
    }

    private static LaneView Read(FleetApi api, JsonElement answer) => api.Read(answer, ApiJson.Default.LaneView);
}
