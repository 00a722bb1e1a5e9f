using System.CommandLine;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule pause ID</c>: calls a halt to a schedule.</summary>
public static class PauseSchedules
{
    public static Command Command(CommandContext cli)
    {
        var id = new Argument<string>("ID") { Description = "The schedule's id." };
        var command = new Command("pause", "Pause a schedule; fire times that pass meanwhile are skipped.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync($"schedules/{Uri.EscapeDataString(schedule)}/pause", null, ct);
            if (cli.WantsJson(parsed))
                Screen.Json(answer);
            else
                Screen.Line($"{schedule} paused");
        });
        return command;
    }
}
