using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Cli.Operations;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run cancel ID…</c>: calls runs off.</summary>
public static class CancelRuns
{
    private static readonly RunChange Change = new RunChange("Cancel", "Canceling");

    public static Command Command(CommandContext cli)
    {
        var ids = AllMatching.IdArgument();
        var reason = new Option<string>("--reason") { Description = "The reason, shown with the run.", HelpName = "TEXT" };
        var command = new Command("cancel", "Cancel runs; a running one is asked to stop.") { ids, reason, cli.DryRunOption };
        var all = AllMatching.AddTo(command, ids, reason);
        cli.Confirm.AddTo(command);
        command.SetAction((parsed, ct) => all.IsGiven(parsed)
            ? all.ExecuteAsync(cli, parsed, "cancel", Change, ct)
            : EachRun.ChangeAsync(cli, parsed, ids, Change, async (api, id, path, isDryRun) =>
        {
            var body = new JsonObject();
            if (parsed.GetValue(reason) is { } why)
                body["reason"] = why;
            var answer = await api.PostAsync(
                $"{path}/cancel{CommandContext.DryRunQuery(isDryRun)}", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
            var isRequested = api.Read(answer, ApiJson.Default.CanceledView).Result == "requested";
            var said = (isRequested, isDryRun) switch
            {
                (true, true) => "its worker would be asked to stop it",
                (true, false) => "requested: its worker was asked to stop it",
                (false, true) => "would be canceled",
                _ => "canceled",
            };
            var output = cli.Output(parsed);
            return new DoneRun(answer, () => output.Line(EachRun.AreSeveral(parsed, ids) ? $"{id}: {said}" : said));
        }));
        return command;
    }
}
