using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;
using Spectre.Console;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule list</c>.</summary>
public static class ListSchedules
{
    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List schedules with their next fire time.");
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("schedules", ct);
            if (cli.WantsJson(parsed))
                Screen.Json(page);
            else
                Show(api.Read(page, ApiJson.Default.Schedules), cli.Time.GetUtcNow());
        });
        return command;
    }

    private static void Show(Page<ScheduleView> page, DateTimeOffset now)
    {
        if (page.Items.Count == 0)
        {
            Screen.Line("No schedules.");
            return;
        }

        var table = Screen.Table("ID", "JOB", "TRIGGER", "LAST", "NEXT", "STATUS", "REASON");
        foreach (var schedule in page.Items)
        {
            table.AddRow(
                Screen.Cell(schedule.Id),
                Screen.Cell(schedule.Job),
                Screen.Cell(FireTimes.TriggerOf(schedule)),
                Screen.Cell(schedule.LastFireTime is { } last ? $"{Times.Instant(last)} ({Times.Relative(last, now)})" : ""),
                Screen.Cell(schedule.NextFireAt is { } next ? $"{Times.Instant(next)} ({Times.Relative(next, now)})" : ""),
                Screen.State(schedule.Status),
                Screen.Cell(Reason(schedule)));
        }

        Screen.Show(table);
    }

    private static string Reason(ScheduleView schedule)
    {
        // The reason of a policy says everything.
        var by = schedule.StatusBy is null or { Kind: "policy" } ? "" : $"by {schedule.StatusBy}";
        var until = schedule.ResumeAt is { } resume ? $"until {Times.Instant(resume)}" : "";
        return string.Join(", ", new[] { schedule.StatusReason ?? "", by, until }.Where(part => part.Length > 0));
    }
}
