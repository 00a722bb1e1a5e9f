using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Cli.Connection;
using Fleet.Client;

namespace Fleet.Cli.Schedules;

/// <summary><c>fleet schedule create ID</c> and <c>fleet schedule update ID</c>: a schedule from options. <c>fleet apply</c> does the same
/// from files.</summary>
public static class EditSchedules
{
    private static readonly Argument<string> Id = GetSchedules.IdArgument();

    public static Command CreateCommand(CommandContext cli)
    {
        var command = new Command("create", "Create a schedule; refused if there is one with this id.") { Id, cli.DryRunOption };
        var options = ScheduleOptions.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            var body = new JsonObject();
            options.ApplyTo(body, parsed);
            using var api = cli.Connect(parsed);
            if (parsed.GetValue(cli.DryRunOption) && await FindAsync(api, parsed, ct) is not null)
                throw new CommandFailedException($"There is a schedule '{parsed.GetRequiredValue(Id)}' already.", ExitCode.Conflict);
            // Without a version the server creates, and changes nothing.
            await PutAsync(cli, api, parsed, body, version: null, "created", ct);
        });
        return command;
    }

    public static Command UpdateCommand(CommandContext cli)
    {
        var command = new Command("update", "Change a schedule; what no option names stays as it is.") { Id, cli.DryRunOption };
        var options = ScheduleOptions.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var stored = await api.GetAsync(PathOf(parsed), ct);
            var body = ScheduleFields.ToBody(stored);
            if (!options.ApplyTo(body, parsed))
                throw new UsageException("Nothing would change; give an option such as --cron.");
            // A period and an instant are in no zone; only excluded dates need it then.
            if (body["cron"] is null && body["exclude"] is not JsonArray { Count: > 0 })
                body.Remove("zone");
            await PutAsync(cli, api, parsed, body, api.Read(stored, ApiJson.Default.ScheduleView).Version, "updated", ct);
        });
        return command;
    }

    private static async Task PutAsync(
        CommandContext cli, FleetApi api, ParseResult parsed, JsonObject body, string? version, string done,
        CancellationToken ct)
    {
        var isDryRun = parsed.GetValue(cli.DryRunOption);
        var answer = await api.PutAsync(
            PathOf(parsed) + (isDryRun ? "?dryRun=true" : ""), Encoding.UTF8.GetBytes(body.ToJsonString()), ct, version);
        var id = parsed.GetRequiredValue(Id);
        FireTimes.Warn(api.Read(answer, ApiJson.Default.ScheduleView).Warnings);
        cli.Output(parsed).Answer(answer, id, isDryRun ? $"{id} would be {done}" : $"{id} {done}");
    }

    private static async Task<JsonElement?> FindAsync(FleetApi api, ParseResult parsed, CancellationToken ct)
    {
        try
        {
            return await api.GetAsync(PathOf(parsed), ct);
        }
        catch (CommandFailedException e) when (e.Code == ExitCode.NotFound)
        {
            return null;
        }
    }

    private static string PathOf(ParseResult parsed) => GetSchedules.Path(parsed.GetRequiredValue(Id));
}
