using Fleet.Client;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class SimulateSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/simulation", SimulateAsync).TakesQuery("from", "until").Produces<SimulationView>().WithName("simulateSchedules");

    private static async Task<IResult> SimulateAsync(HttpContext http, SimulateSchedules simulate, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryString(http);
        var range = PreviewRange.Read(query.Instant("from"), query.Instant("until"), time.GetUtcNow());
        return Results.Json((await simulate.ExecuteAsync(range, ct)).ToView(), FleetJson.Payload);
    }
}
