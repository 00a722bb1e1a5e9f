using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Lanes;

/// <summary><c>fleet lane list</c>.</summary>
public static class ListLanes
{
    private static readonly Listing<LaneView> Listing = new(lane => lane.Name)
    {
        { "LANE", lane => lane.Name, ColumnKind.Id },
        { "STATE", StateOf, ColumnKind.State },
        { "READY", lane => lane.Ready.ToString() },
        { "RUNNING", lane => lane.Running.ToString() },
        { "SOON", lane => lane.ScheduledSoon.ToString() },
        { "OLDEST", lane => lane.OldestReadyAge > TimeSpan.Zero ? Times.Span(lane.OldestReadyAge) : "" },
        { "SLOTS", lane => $"{lane.Slots}" },
        { "WORKERS", lane => $"{lane.Workers}" },
        { "REASON", Reason },
        { "DEMAND", lane => $"{lane.Demand}", ColumnKind.Text, true },
    };

    /// <summary>Makes the command.</summary>
    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List lanes with what waits and runs in them.") { cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("lanes", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Lanes).Items, "No lanes.");
        });
        return command;
    }

    /// <summary>The state of a lane in one word: <c>open</c>, <c>pausing</c>, <c>paused</c> or <c>unserved</c>.</summary>
    public static string StateOf(LaneView lane) => lane switch
    {
        { Paused.UnconfirmedWorkers: > 0 } => "pausing",
        { Paused: not null } => "paused",
        { Workers: 0 } => "unserved",
        _ => "open",
    };

    /// <summary>Why and until when it is paused, and by whom.</summary>
    public static string Reason(LaneView lane)
    {
        if (lane.Paused is not { } pause)
            return "";
        var by = pause.By is null ? "" : $"by {pause.By}";
        var until = pause.Until is { } end ? $"until {Times.Instant(end)}" : "";
        return string.Join(", ", new[] { pause.Reason ?? "", by, until }.Where(part => part.Length > 0));
    }
}
