using Fleet.Api.Contract;
using Fleet.Api.Events;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Checks;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Checks;

internal static class GetChecksEndpoints
{
    private const string Broker = "broker";

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/checks", ListAsync).Declare(new("listChecks", "Checks the set-up as this server sees it: `fleet doctor` shows it.")
        {
            Permission = Permission.View,
            Description = "It answers also while the database or the broker is away: that is then what a check says.",
            Answers = [AnswerContract.Of<Page<CheckView>>("The checks, in the order in which one explains the next.")],
        });

    private static async Task<IResult> ListAsync(
        IStorage storage, CheckFleet fleet, ComponentStates components, TimeProvider time, CancellationToken ct)
    {
        List<Check> checks =
        [
            .. await CheckDatabase.ExecuteAsync(storage, time, ct),
            CheckBroker(await components.ReadAsync(ct)),
            .. await CheckFleetAsync(fleet, ct),
        ];
        return Results.Json(new Page<CheckView> { Items = [.. checks.Select(ToView)] }, FleetJson.Payload);
    }

    private static async Task<IReadOnlyList<Check>> CheckFleetAsync(CheckFleet fleet, CancellationToken ct)
    {
        try
        {
            return await fleet.ExecuteAsync(ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // Why the database does not answer is said by its own checks.
            return [.. CheckFleet.Names.Select(name => CheckDatabase.Skipped(name, "The database does not answer."))];
        }
    }

    private static Check CheckBroker(IReadOnlyList<ComponentView> components)
    {
        if (components.FirstOrDefault(c => c.Name == Broker) is not { } broker)
            return CheckDatabase.Skipped(Broker, "This server has no broker, or no health check of it.");
        var status = broker.Status switch
        {
            "up" => CheckStatus.Ok,
            "degraded" => CheckStatus.Warning,
            _ => CheckStatus.Failed,
        };
        return new Check(
            Broker, status, TimeSpan.FromMilliseconds(broker.Milliseconds),
            broker.Description ?? "It answers, with all that is needed in it.",
            status == CheckStatus.Ok ? null : "Check the broker. 'fleet broker apply' declares what is missing in it.");
    }

    private static CheckView ToView(Check check) => new()
    {
        Name = check.Name,
        Status = check.Status.ToWord(),
        Milliseconds = Math.Round(check.Took.TotalMilliseconds, 1),
        Said = check.Said,
        Advice = check.Advice,
    };
}
