using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class ReplayRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/runs/{id}/replay", ReplayAsync).Declare(new("replayRun", "Executes a failed or canceled run once more.")
        {
            Permission = Permission.Operate,
            Description = "The run keeps its id, its args and its history, and gets all of its attempts again.",
            Parameters = [CommonParameters.RunId, CommonParameters.DryRun],
            Body = BodyContract.Optional<EmptyBody>("{}"),
            Answers = [AnswerContract.Of<EnqueuedView>("The run is pending again.", StatusCodes.Status202Accepted)],
            Problems = ["not_found", "not_replayable", "run_revoked"],
        });

    private static async Task<IResult> ReplayAsync(string id, HttpContext http, ReplayRuns replay, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        await RequestBody.ReadAsync<EmptyBody>(http, ct);
        return await replay.ExecuteAsync(runId, Caller.Of(http), ct, CommonParameters.DryRun.Of(http)) switch
        {
            ReplayResult.NotFound => Problems.NotFound("run", id),
            ReplayResult.WrongState =>
                Problems.Conflict("not_replayable", $"Run {runId} is neither failed nor canceled; only such runs can be replayed."),
            ReplayResult.Revoked => Problems.Conflict(
                "run_revoked",
                $"Run {runId} was planned ahead and revoked when its schedule changed; its fire time may have another run. "
                + "Trigger the schedule to run it now, or backfill the fire time once it has passed."),
            _ => Results.Json(new EnqueuedView { Id = runId.ToString() }, FleetJson.Payload, statusCode: StatusCodes.Status202Accepted),
        };
    }
}
