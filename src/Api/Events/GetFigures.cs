using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Findings;
using Fleet.Core.Live;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Events;

/// <summary>What the event <c>figures</c> has, for whoever asks once.</summary>
internal static class GetFiguresEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/figures", GetAsync).Declare(new("getFigures", "Says what the fleet is doing now, and what is wrong.")
        {
            Permission = Permission.View,
            Description = "The same as the event `figures` of `/events`. Numbers are counted up to 10,000.",
            Answers = [AnswerContract.Of<LiveFiguresView>("The figures of this moment.")],
        });

    private static async Task<IResult> GetAsync(
        ReadLiveFigures read, GetFindings find, ComponentStates components, CancellationToken ct)
    {
        var figures = await read.ExecuteAsync(ct);
        var states = await components.ReadAsync(ct);
        var findings = ComponentStates.AddTo(await find.ExecuteAsync(figures, ct), states);
        return Results.Json(
            figures.ToView() with { Components = states, Findings = [.. findings.Select(f => f.ToView())] }, FleetJson.Payload);
    }
}
