using System.CommandLine;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule delete ID</c>: a schedule that is not wanted any more, such as one that code or configuration no longer
/// brings.</summary>
public static class DeleteSchedules
{
    public static Command Command(CommandContext cli)
    {
        var id = GetSchedules.IdArgument();
        var command = new Command("delete", "Delete a schedule; its planned runs are canceled, its ended runs stay.")
        {
            id, cli.DryRunOption, cli.Confirm.YesOption,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var schedule = parsed.GetRequiredValue(id);
            if (!parsed.GetValue(cli.DryRunOption))
                cli.Confirm.Ask(parsed, $"Delete schedule {schedule}, with its planned runs");
            var answer = await api.DeleteAsync($"{GetSchedules.Path(schedule)}{cli.DryRunQuery(parsed)}", ct);
            cli.Output(parsed).Answer(
                answer, schedule, parsed.GetValue(cli.DryRunOption) ? $"{schedule} would be deleted" : $"{schedule} deleted");
        });
        return command;
    }
}
