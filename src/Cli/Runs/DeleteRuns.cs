using System.CommandLine;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run delete ID…</c>: deletes runs that have ended.</summary>
public static class DeleteRuns
{
    public static Command Command(CommandContext cli)
    {
        var ids = EachRun.IdArgument();
        var command = new Command("delete", "Delete runs that have ended; their idempotency keys stay taken.") { ids, cli.DryRunOption };
        command.SetAction((parsed, ct) => EachRun.DoAsync(cli, parsed, ids, async (api, id, path) =>
        {
            var answer = await api.DeleteAsync($"{path}{cli.DryRunQuery(parsed)}", ct, version: null);
            var output = cli.Output(parsed);
            return new DoneRun(
                answer, () => output.Line(parsed.GetValue(cli.DryRunOption) ? $"{id} would be deleted" : $"{id} deleted"));
        }));
        return command;
    }
}
