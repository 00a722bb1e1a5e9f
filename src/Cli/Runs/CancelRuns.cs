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
        var command = new Command("cancel", "Cancel a run; a running one is asked to stop.") { id, reason };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var body = new JsonObject();
            if (parsed.GetValue(reason) is { } why)
                body["reason"] = why;
            var answer = await api.PostAsync(
                $"{GetRuns.Path(parsed.GetRequiredValue(id))}/cancel", Encoding.UTF8.GetBytes(body.ToJsonString()), ct);
            cli.Output(parsed).Answer(
                answer, parsed.GetRequiredValue(id),
                api.Read(answer, ApiJson.Default.CanceledView).Result == "requested"
                    ? "requested: its worker was asked to stop it"
                    : "canceled");
        });
        return command;
    }
}
