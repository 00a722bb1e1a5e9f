using Fleet.Api.Contract;
using Fleet.Api.Events;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Findings;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Findings;

internal static class GetFindingsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/findings", ListAsync).Declare(new("listFindings", "Says in sentences what is wrong, the worst first.")
        {
            Permission = Permission.View,
            Answers = [AnswerContract.Of<Page<FindingView>>("The findings; none when all is well.")],
        });

    private static async Task<IResult> ListAsync(GetFindings get, ComponentStates components, IStorage storage, CancellationToken ct)
    {
        var states = await components.ReadAsync(ct);
        IReadOnlyList<Finding> found = [];
        try
        {
            found = await get.ExecuteAsync(figures: null, ct);
        }
        catch (Exception e) when (storage.IsOutage(e) && states.Any(s => s is { Name: "database", Status: "down" }))
        {
            // That the database is down is the finding.
        }

        var findings = ComponentStates.AddTo(found, states);
        return Results.Json(new Page<FindingView> { Items = [.. findings.Select(f => f.ToView())] }, FleetJson.Payload);
    }
}
