using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Lanes;

/// <summary><c>fleet lane get LANE</c> and <c>fleet lane demand LANE</c>.</summary>
public static class GetLanes
{
    /// <summary>The argument that names a lane.</summary>
    public static Argument<string> LaneArgument() => new("LANE") { Description = "The lane's name." };

    /// <summary>Where the API keeps a lane.</summary>
    public static string Path(string lane) => $"lanes/{Uri.EscapeDataString(lane)}";

    /// <summary>Makes <c>get</c>.</summary>
    public static Command GetCommand(CommandContext cli)
    {
        var lane = LaneArgument();
        var command = new Command("get", "Show a lane: what waits and runs in it, and its pause.") { lane };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var name = parsed.GetRequiredValue(lane);
            var answer = await api.GetAsync(Path(name), ct);
            var output = cli.Output(parsed);
            output.Answer(answer, name, () => Show(api.Read(answer, ApiJson.Default.LaneView), output));
        });
        return command;
    }

    /// <summary>Makes <c>demand</c>.</summary>
    public static Command DemandCommand(CommandContext cli)
    {
        var lane = LaneArgument();
        var command = new Command("demand", "Print how many slots a lane needs now and soon.") { lane };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var name = parsed.GetRequiredValue(lane);
            var answer = await api.GetAsync(Path(name) + "/demand", ct);
            cli.Output(parsed).Answer(answer, name, $"{api.Read(answer, ApiJson.Default.LaneDemandView).Demand}");
        });
        return command;
    }

    private static void Show(LaneView lane, Output output)
    {
        var facts = new Facts();
        facts.Add("lane", lane.Name);
        facts.AddState("state", ListLanes.StateOf(lane));
        facts.Add("ready", $"{lane.Ready}");
        facts.Add("running", $"{lane.Running}");
        facts.Add("soon", $"{lane.ScheduledSoon}");
        facts.Add("oldest", lane.OldestReadyAge > TimeSpan.Zero ? Times.Span(lane.OldestReadyAge) : null);
        facts.Add("demand", $"{lane.Demand}");
        facts.Add("slots", $"{lane.Slots}");
        facts.Add("workers", $"{lane.Workers}");
        if (lane.Paused is { } pause)
        {
            facts.Add("paused", Times.Instant(pause.Since));
            facts.Add("by", pause.By?.ToString());
            facts.Add("reason", pause.Reason);
            facts.Add("until", pause.Until is { } end ? Times.Instant(end) : null);
            facts.Add("unconfirmed", pause.UnconfirmedWorkers > 0 ? $"{pause.UnconfirmedWorkers} worker(s) may still claim" : null);
        }

        output.Facts(facts);
    }
}
