using System.CommandLine;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule explain ID --at INSTANT</c>: says what became of a fire time, or why the schedule did not fire.</summary>
public static class ExplainOccurrences
{
    private static readonly Option<string> At = new("--at")
    {
        Description = "The time in question, ISO 8601 with offset, such as 2026-03-29T03:00:00+02:00.",
        HelpName = "INSTANT",
        Required = true,
    };

    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("explain", "Say what became of a fire time, or why the schedule did not fire at a time.") { id, At };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var at = Uri.EscapeDataString(parsed.GetRequiredValue(At));
            var answer = await api.GetAsync($"{GetSchedules.Path(schedule)}/explain?at={at}", ct);
            var output = cli.Output(parsed);
            output.Answer(answer, schedule, () => Explained.Show(api.Read(answer, ApiJson.Default.ExplanationView), output));
        });
        return command;
    }
}
