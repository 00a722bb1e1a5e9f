using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class DeleteRunsEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapDelete("/runs/{id}", DeleteAsync).Declare(new("deleteRun", "Deletes a run that has ended.")
        {
            Permission = Permission.Operate,
            Description = "Its args, output, error, attempts, replays and log are deleted. Its idempotency key, its message and its fire "
                + "time stay taken until retention, so that nothing makes the run again. `explain` says who deleted it.",
            Parameters = [CommonParameters.RunId, CommonParameters.DryRun],
            Answers = [AnswerContract.Empty("The run is deleted.")],
            Problems = ["not_found", "not_ended"],
        });

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, DeleteRuns delete, GetRuns runs, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        var results = await delete.ExecuteAsync([runId], Caller.Of(http), CancellationToken.None, CommonParameters.DryRun.Of(http));
        return results[0] switch
        {
            DeleteResult.NotFound => Problems.NotFound("run", id),
            DeleteResult.NotEnded => Problems.Conflict("not_ended", await RefuseAsync(runId, runs, ct)),
            _ => Results.NoContent(),
        };
    }

    private static async Task<string> RefuseAsync(RunId id, GetRuns runs, CancellationToken ct) =>
        await runs.FindAsync(id, ct) is { State: RunState.Running }
            ? $"Run {id} is running; cancel it first, and delete it when its handler has stopped."
            : $"Run {id} is waiting; cancel it first.";
}
