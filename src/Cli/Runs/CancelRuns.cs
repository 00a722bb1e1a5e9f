using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Client;

namespace Fleet.Cli.Runs;

/// <summary><c>fleet run cancel ID</c>: calls a run off.</summary>
public static class CancelRuns
{
    public static Command Command(CommandContext cli)
    {
        var id = GetRuns.IdArgument();
        var reason = new Option<string>("--reason") { Description = "The reason, shown with the run.", HelpName = "TEXT" };
        var command = new Command("cancel", "Cancel a run; a running one is asked to stop.") { id, reason, cli.DryRunOption };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var body = new JsonObject();
            if (parsed.GetValue(reason) is { } why)
                body["reason"] = why;
            var path = GetRuns.Path(parsed.GetRequiredValue(id));
            var answer = await api.PostAsync(
                $"{path}/cancel{cli.DryRunQuery(parsed)}", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
            var isRequested = api.Read(answer, ApiJson.Default.CanceledView).Result == "requested";
            cli.Output(parsed).Answer(answer, parsed.GetRequiredValue(id), (isRequested, parsed.GetValue(cli.DryRunOption)) switch
            {
                (true, true) => "its worker would be asked to stop it",
                (true, false) => "requested: its worker was asked to stop it",
                (false, true) => "would be canceled",
                _ => "canceled",
            });
        });
        return command;
    }
}
