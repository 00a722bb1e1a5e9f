using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule list</c>.</summary>
public static class ListSchedules
{
    private static readonly Listing<ScheduleView> Listing = new(schedule => schedule.Id)
    {
        { "ID", schedule => schedule.Id, ColumnKind.Id },
        { "JOB", schedule => schedule.Job },
        { "TRIGGER", FireTimes.TriggerOf },
        { "LAST", schedule => schedule.LastFireTime },
        { "NEXT", schedule => schedule.NextFireAt },
        { "STATUS", schedule => schedule.Status, ColumnKind.State },
        { "REASON", Reason },
        { "FIRES", schedule => schedule.Words, ColumnKind.Text, true },
        { "LANE", schedule => schedule.Lane, ColumnKind.Text, true },
        { "OVERLAP", schedule => schedule.Overlap, ColumnKind.Text, true },
        { "MISFIRE", schedule => schedule.Misfire, ColumnKind.Text, true },
        { "SOURCE", schedule => schedule.Source, ColumnKind.Text, true },
        { "UPDATED", schedule => schedule.UpdatedAt, true },
    };

    public static Command Command(CommandContext cli)
    {
        var command = new Command("list", "List schedules with their next fire time.") { cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("schedules", ct);
            output.Print(api.Items(page), api.Read(page, ApiJson.Default.Schedules).Items, "No schedules.");
        });
        return command;
    }

    private static string Reason(ScheduleView schedule)
    {
        // The reason of a policy says everything.
        var by = schedule.StatusBy is null or { Kind: "policy" } ? "" : $"by {schedule.StatusBy}";
        var until = schedule.ResumeAt is { } resume ? $"until {Times.Instant(resume)}" : "";
        return string.Join(", ", new[] { schedule.StatusReason ?? "", by, until }.Where(part => part.Length > 0));
    }
}
