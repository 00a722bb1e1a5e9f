using System.CommandLine;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule resume ID</c>: lets a paused schedule fire again.</summary>
public static class ResumeSchedules
{
    public static Command Command(CommandContext cli)
    {
        var id = new Argument<string>("ID") { Description = "The schedule's id." };
        var command = new Command("resume", "Let a paused schedule fire again.") { id };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync($"schedules/{Uri.EscapeDataString(schedule)}/resume", null, ct);
            if (cli.WantsJson(parsed))
                Screen.Json(answer);
            else
                Screen.Line($"{schedule} resumed");
        });
        return command;
    }
}
