using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Fleet.Core.Explain;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule simulate</c>: what all running schedules will do, as a heat map.</summary>
public static class SimulateSchedules
{
    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601 with offset. Default: now.",
        HelpName = "INSTANT",
    };
    private static readonly Option<string> Until = new("--until")
    {
        Description = "Fire times up to this instant, at most 366 days later. Default: 7 days later.",
        HelpName = "INSTANT",
    };

    private static readonly Listing<BusyMinuteView> Minutes = new(minute => Times.Instant(minute.Minute))
    {
        { "BUSIEST MINUTE", minute => Times.Instant(minute.Minute), ColumnKind.Id },
        { "STARTS", minute => $"{minute.Starts:N0}" },
        { "LOAD", minute => Work(minute.BusySeconds) },
        { "SCHEDULES", Firing },
    };

    private static readonly Listing<LaneLoadView> Lanes = new(lane => lane.Lane)
    {
        { "LANE", lane => lane.Lane, ColumnKind.Id },
        { "FIRINGS", lane => $"{lane.Firings:N0}" },
        { "LOAD", lane => Work(lane.BusySeconds) },
        { "MOST AT ONCE", lane => $"{lane.MostAtOnce:N0}" },
        { "WHEN", lane => Times.Instant(lane.MostAtOnceAt) },
    };

    private static readonly Listing<SimulatedScheduleView> Schedules = new(schedule => schedule.Id)
    {
        { "SCHEDULE", schedule => schedule.Id, ColumnKind.Id },
        { "FIRINGS", schedule => $"{schedule.Firings:N0}" },
        { "A RUN TAKES", schedule => schedule.MeanSeconds is { } mean ? Work(mean) : "unknown" },
        { "FIRST", schedule => schedule.Next.Count > 0 ? Times.Instant(schedule.Next[0]) : "" },
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command(
            "simulate", "Show what the running schedules will do: a heat map, the busiest minutes, what changes of the clock do.")
        {
            From, Until,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var answer = await api.GetAsync("simulation" + RangeQuery.Of(parsed.GetValue(From), parsed.GetValue(Until)), ct);
            var output = cli.Output(parsed);
            var simulation = api.Read(answer, ApiJson.Default.SimulationView);
            if (output.Format == OutputFormat.Name)
            {
                foreach (var schedule in simulation.Schedules)
                    output.Line(schedule.Id);
            }
            else
                output.Answer(answer, "", () => Show(simulation, output));
        });
        return command;
    }

    private static void Show(SimulationView simulation, Output output)
    {
        Screen.Line(
            $"{Times.Instant(simulation.From)} to {Times.Instant(simulation.Until)}: {Spoken.Count(simulation.Firings, "firing")} of "
            + Spoken.Count(simulation.Schedules.Count, "schedule"));
        if (simulation.TruncatedAt is { } at)
            Screen.Line($"There are too many: all figures are of what comes before {Times.Instant(at)}.");
        if (simulation.Firings == 0)
            return;
        Screen.Line("");
        foreach (var line in HeatMap.Draw(simulation.Load, simulation.From, simulation.Until))
            Screen.Line(line);
        Screen.Line("");
        ShowBusiest(simulation.Busiest, output);
        Screen.Line("");
        output.Table(Lanes, simulation.Lanes);
        Screen.Line("");
        output.Table(Schedules, simulation.Schedules);
        ShowClockEffects(simulation.Schedules);
    }

    private static void ShowBusiest(IReadOnlyList<BusyMinuteView> minutes, Output output)
    {
        var collisions = minutes.Where(m => m.Starts > 1).ToList();
        if (collisions.Count == 0)
        {
            Screen.Line("No two runs start in the same minute.");
            return;
        }

        output.Table(Minutes, collisions);
    }

    private static string Firing(BusyMinuteView minute) =>
        string.Join(", ", minute.Schedules.Select(s => s.Firings == 1 ? s.Id : $"{s.Id} ×{s.Firings}"))
        + (minute.MoreSchedules > 0 ? $" and {minute.MoreSchedules:N0} more" : "");

    private static void ShowClockEffects(IReadOnlyList<SimulatedScheduleView> schedules)
    {
        var effects = schedules.SelectMany(s => s.ClockEffects.Select(e => (s.Id, Effect: e))).OrderBy(e => e.Effect.ChangeAt).ToList();
        if (effects.Count == 0)
            return;
        Screen.Line("");
        Screen.Line("The clock is moved:");
        foreach (var (id, effect) in effects)
            Screen.Line($"  {FireTimes.Iso(effect.ChangeAt)} {Plain.Line(id)}: {Plain.Line(effect.Text)}");
    }

    private static string Work(double seconds) => Times.Span(TimeSpan.FromSeconds(seconds));
}
