using System.CommandLine;
using System.Globalization;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule figures ID</c>: what became of the fire times.</summary>
public static class GetScheduleFigures
{
    private static readonly Option<string> From = new("--from")
    {
        Description = "Fire times after this instant, ISO 8601 with offset. Default: a day before --until.",
        HelpName = "INSTANT",
    };
    private static readonly Option<string> Until = new("--until")
    {
        Description = "Fire times up to this instant, ISO 8601 with offset. Default: now.",
        HelpName = "INSTANT",
    };

    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("figures", "Compare the fire times of a schedule with its runs.") { id, From, Until };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            string?[] query = [Parameter("from", parsed.GetValue(From)), Parameter("until", parsed.GetValue(Until))];
            var answer = await api.GetAsync(
                $"{GetSchedules.Path(schedule)}/figures?{string.Join('&', query.OfType<string>())}", ct);
            cli.Output(parsed).Answer(answer, schedule, () => Show(schedule, api.Read(answer, ApiJson.Default.ScheduleFiguresView)));
        });
        return command;
    }

    private static string? Parameter(string name, string? value) => value is null ? null : $"{name}={Uri.EscapeDataString(value)}";

    private static void Show(string schedule, ScheduleFiguresView figures)
    {
        Screen.Line($"{schedule}, {Times.Instant(figures.From)} to {Times.Instant(figures.Until)}");
        Screen.Line(
            $"expected {figures.Expected}, fired {figures.Fired}, skipped {figures.Skipped}, canceled {figures.Canceled}, waiting "
                + $"{figures.Waiting}, missing {figures.Missing}"
            + (figures.Unexpected > 0 ? $", by an earlier definition {figures.Unexpected}" : ""));
        foreach (var missing in figures.FirstMissing)
            Screen.Line($"missing {Times.Instant(missing)}");
        if (figures.Lateness is { } lateness)
            Screen.Line(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"late by {lateness.Median:0.000} s (median), {lateness.P99:0.000} s (99 %), {lateness.Most:0.000} s (most)"));
    }
}
