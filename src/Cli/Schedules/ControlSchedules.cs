using System.CommandLine;
using System.Text.Json;
using Fleet.Core.Text;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule pause|resume|stop|start ID</c>: whether a schedule fires.</summary>
public static class ControlSchedules
{
    private static readonly Option<string> Until = new("--until")
    {
        Description = "When it starts to fire again, ISO 8601 with offset. Default: until it is resumed.",
        HelpName = "INSTANT",
    };

    private static readonly Option<string> For = new("--for")
    {
        Description = "How long it is paused, such as 30m or 2h; instead of --until.",
        HelpName = "DURATION",
    };

    public static IEnumerable<Command> Commands(CommandContext cli) =>
    [
        Command(cli, "pause", "paused", "Pause a schedule; fire times that pass meanwhile are skipped.", Until, For),
        Command(cli, "resume", "resumed", "Let a paused schedule fire again."),
        Command(cli, "stop", "stopped", "Stop a schedule until it is started; an edit does not start it."),
        Command(cli, "start", "started", "Let a stopped schedule fire again, from now on."),
    ];

    private static Command Command(CommandContext cli, string verb, string done, string description, params Option[] options)
    {
        var id = new Argument<string>("ID") { Description = "The schedule's id." };
        var reason = new Option<string>("--reason") { Description = "The reason, shown with the schedule.", HelpName = "TEXT" };
        var command = new Command(verb, description) { id, reason };
        foreach (var option in options)
            command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            var until = options.Length > 0 ? ReadUntil(parsed, cli.Time.GetUtcNow()) : null;
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync(
                $"schedules/{Uri.EscapeDataString(schedule)}/{verb}",
                JsonSerializer.SerializeToUtf8Bytes(Body(parsed.GetValue(reason), until)), ct);
            cli.Output(parsed).Answer(answer, schedule, until is null ? $"{schedule} {done}" : $"{schedule} {done} until {until}");
        });
        return command;
    }

    private static Dictionary<string, string> Body(string? reason, string? until)
    {
        var body = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reason is not null)
            body["reason"] = reason;
        if (until is not null)
            body["until"] = until;
        return body;
    }

    private static string? ReadUntil(ParseResult parsed, DateTimeOffset now)
    {
        if (parsed.GetValue(For) is not { } text)
            return parsed.GetValue(Until);
        if (parsed.GetValue(Until) is not null)
            throw new UsageException("--for: give either --for or --until, not both.");
        return Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(3650)
            ? (now + duration).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture)
            : throw new UsageException($"--for: '{text}' is not allowed; allowed is a duration such as {Durations.Allowed}.");
    }
}
