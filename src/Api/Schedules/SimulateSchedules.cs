using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Schedules;

internal static class SimulateSchedulesEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/simulation", SimulateAsync).Declare(new("simulateSchedules", "Shows what the running schedules will do in a range.")
        {
            Permission = Permission.View,
            Parameters = [PreviewParameters.From, PreviewParameters.Until],
            Answers = [AnswerContract.Of<SimulationView>("Fire times, and the load that they make on the lanes.")],
            Problems = ["invalid_range"],
        });

    private static async Task<IResult> SimulateAsync(HttpContext http, SimulateSchedules simulate, TimeProvider time, CancellationToken ct)
    {
        var range = PreviewParameters.Read(http, time.GetUtcNow());
        return Results.Json((await simulate.ExecuteAsync(range, ct)).ToView(), FleetJson.Payload);
    }
}
