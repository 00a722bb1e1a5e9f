using Fleet.Client;
using Fleet.Core.Runs;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class CancelRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/runs/{id}/cancel", CancelAsync).TakesBody<CancelBody>().Produces<CanceledView>().WithName("cancelRun");

    private static async Task<IResult> CancelAsync(string id, HttpContext http, CancelRuns cancel, CancellationToken ct)
    {
        var runId = GetRunsEndpoints.ReadId(id);
        var body = await RequestBody.ReadOptionalAsync<CancelBody>(http, ct);
        var result = await cancel.ExecuteAsync(runId, body.Reason, Caller.Of(http), CancellationToken.None);
        return result switch
        {
            CancelResult.NotFound => Problems.NotFound("run", id),
            CancelResult.AlreadyEnded => Problems.Conflict("already_ended", $"Run {runId} has ended; there is nothing to cancel."),
            _ => Results.Json(new CanceledView { Result = result.ToWord() }, FleetJson.Payload),
        };
    }
}
