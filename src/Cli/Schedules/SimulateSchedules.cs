using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

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
            if (cli.WantsJson(parsed))
                Screen.Json(answer);
            else
                Show(api.Read(answer, ApiJson.Default.SimulationView));
        });
        return command;
    }

    private static void Show(SimulationView simulation)
    {
        Screen.Line(
            $"{Times.Instant(simulation.From)} to {Times.Instant(simulation.Until)}: {simulation.Firings:N0} firings of "
            + $"{simulation.Schedules.Count:N0} schedules");
        if (simulation.TruncatedAt is { } at)
            Screen.Line($"There are too many: all figures are of what comes before {Times.Instant(at)}.");
        if (simulation.Firings == 0)
            return;
        Screen.Line("");
        foreach (var line in HeatMap.Draw(simulation.Load, simulation.From, simulation.Until))
            Screen.Line(line);
        Screen.Line("");
        ShowBusiest(simulation.Busiest);
        Screen.Line("");
        ShowLanes(simulation.Lanes);
        Screen.Line("");
        ShowSchedules(simulation.Schedules);
        ShowClockEffects(simulation.Schedules);
    }

    private static void ShowBusiest(IReadOnlyList<BusyMinuteView> minutes)
    {
        var collisions = minutes.Where(m => m.Starts > 1).ToList();
        if (collisions.Count == 0)
        {
            Screen.Line("No two runs start in the same minute.");
            return;
        }

        var table = Screen.Table("BUSIEST MINUTE", "STARTS", "LOAD", "SCHEDULES");
        foreach (var minute in collisions)
        {
            var names = minute.Schedules.Select(s => s.Firings == 1 ? s.Id : $"{s.Id} ×{s.Firings}");
            table.AddRow(
                Screen.Cell(Times.Instant(minute.Minute)),
                Screen.Cell($"{minute.Starts:N0}"),
                Screen.Cell(Work(minute.BusySeconds)),
                Screen.Cell(string.Join(", ", names) + (minute.MoreSchedules > 0 ? $" and {minute.MoreSchedules:N0} more" : "")));
        }

        Screen.Show(table);
    }

    private static void ShowLanes(IReadOnlyList<LaneLoadView> lanes)
    {
        var table = Screen.Table("LANE", "FIRINGS", "LOAD", "MOST AT ONCE", "WHEN");
        foreach (var lane in lanes)
        {
            table.AddRow(
                Screen.Cell(lane.Lane), Screen.Cell($"{lane.Firings:N0}"), Screen.Cell(Work(lane.BusySeconds)),
                Screen.Cell($"{lane.MostAtOnce:N0}"), Screen.Cell(Times.Instant(lane.MostAtOnceAt)));
        }

        Screen.Show(table);
    }

    private static void ShowSchedules(IReadOnlyList<SimulatedScheduleView> schedules)
    {
        var table = Screen.Table("SCHEDULE", "FIRINGS", "A RUN TAKES", "FIRST");
        foreach (var schedule in schedules)
        {
            table.AddRow(
                Screen.Cell(schedule.Id),
                Screen.Cell($"{schedule.Firings:N0}"),
                Screen.Cell(schedule.MeanSeconds is { } mean ? Work(mean) : "unknown"),
                Screen.Cell(schedule.Next.Count > 0 ? Times.Instant(schedule.Next[0]) : ""));
        }

        Screen.Show(table);
    }

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
