using System.CommandLine;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule pause|resume|stop|start ID</c>: whether a schedule fires.</summary>
public static class ControlSchedules
{
    public static IEnumerable<Command> Commands(CommandContext cli) =>
    [
        Command(
            cli, "pause", "paused", "Pause a schedule; fire times that pass meanwhile are skipped.", PauseOptions.Until, PauseOptions.For),
        Command(cli, "resume", "resumed", "Let a paused schedule fire again."),
        Command(cli, "stop", "stopped", "Stop a schedule until it is started; an edit does not start it."),
        Command(cli, "start", "started", "Let a stopped schedule fire again, from now on."),
    ];

    private static Command Command(CommandContext cli, string verb, string done, string description, params Option[] options)
    {
        var id = GetSchedules.IdArgument();
        var reason = PauseOptions.Reason("schedule");
        var command = new Command(verb, description) { id, reason, cli.DryRunOption };
        foreach (var option in options)
            command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            var until = options.Length > 0 ? PauseOptions.Read(parsed, cli.Time.GetUtcNow()) : null;
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            var answer = await api.PostAsync(
                $"{GetSchedules.Path(schedule)}/{verb}{cli.DryRunQuery(parsed)}",
                PauseOptions.Body(parsed.GetValue(reason), until), ct);
            var would = parsed.GetValue(cli.DryRunOption) ? "would be " : "";
            cli.Output(parsed).Answer(
                answer, schedule, until is null ? $"{schedule} {would}{done}" : $"{schedule} {would}{done} until {until}");
        });
        return command;
    }
}
