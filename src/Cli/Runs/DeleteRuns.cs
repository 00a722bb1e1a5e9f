using System.CommandLine;
using Fleet.Cli.Operations;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run delete ID…</c>: deletes runs that have ended.</summary>
public static class DeleteRuns
{
    private static readonly RunChange Change = new RunChange("Delete", "Deleting", Destroys: true);

    public static Command Command(CommandContext cli)
    {
        var ids = AllMatching.IdArgument();
        var command = new Command("delete", "Delete runs that have ended; their idempotency keys stay taken.") { ids, cli.DryRunOption };
        var all = AllMatching.AddTo(command, ids);
        cli.Confirm.AddTo(command);
        command.SetAction((parsed, ct) => all.IsGiven(parsed)
            ? all.ExecuteAsync(cli, parsed, "delete", Change, ct)
            : EachRun.ChangeAsync(cli, parsed, ids, Change, async (api, id, path, isDryRun) =>
        {
            var answer = await api.DeleteAsync($"{path}{CommandContext.DryRunQuery(isDryRun)}", ct, version: null);
            var output = cli.Output(parsed);
            return new DoneRun(
                answer, () => output.Line(isDryRun ? $"{id} would be deleted" : $"{id} deleted"));
        }));
        return command;
    }
}
