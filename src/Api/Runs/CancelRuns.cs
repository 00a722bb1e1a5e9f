using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Runs;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class CancelRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/runs/{id}/cancel", CancelAsync).Declare(new("cancelRun", "Cancels a run.")
        {
            Permission = Permission.Operate,
            Description = "A pending run is canceled at once. The worker of a running one is asked to stop it: the handler's token is "
                + "canceled, and the run ends as `canceled` when the handler returns.",
            Parameters = [CommonParameters.RunId, CommonParameters.DryRun],
            Body = BodyContract.Optional<CancelBody>("""{"reason":"ordered twice"}"""),
            Answers = [AnswerContract.Of<CanceledView>("The run is canceled, or its worker was asked to stop it.")],
            Problems = ["not_found", "already_ended"],
        });

    private static async Task<IResult> CancelAsync(string id, HttpContext http, CancelRuns cancel, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        var body = await RequestBody.ReadAsync<CancelBody>(http, ct);
        var isDryRun = CommonParameters.DryRun.Of(http);
        var result = await cancel.ExecuteAsync(runId, body.Reason, Caller.Of(http), CancellationToken.None, isDryRun);
        return result switch
        {
            CancelResult.NotFound => Problems.NotFound("run", id),
            CancelResult.AlreadyEnded => Problems.Conflict("already_ended", $"Run {runId} has ended; there is nothing to cancel."),
            _ => Results.Json(new CanceledView { Result = result.ToWord() }, FleetJson.Payload),
        };
    }
}
