using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class GetScheduleFiguresEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/schedules/{id}/figures", GetAsync).TakesQuery("from", "until").Produces<ScheduleFigures>()
            .WithName("getScheduleFigures");

    private static async Task<IResult> GetAsync(string id, HttpContext http, GetScheduleFigures get, CancellationToken ct)
    {
        var query = new QueryString(http);
        var (from, until) = (RunRules.ReadInstant(query.Instant("from"), "from"), RunRules.ReadInstant(query.Instant("until"), "until"));
        return await get.ExecuteAsync(id, from, until, ct) is { } figures
            ? Results.Json(figures, FleetJson.Payload)
            : Problems.NotFound("schedule", id);
    }
}
