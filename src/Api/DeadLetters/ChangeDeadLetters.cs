using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.DeadLetters;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.DeadLetters;

/// <summary>Replays a dead letter, perhaps with other args, or discards it.</summary>
internal static class ChangeDeadLettersEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/dead-letters/{id}/replay", ReplayAsync).Declare(new(
            "replayDeadLetter", "Executes a dead letter once more, perhaps with other args.")
        {
            Permission = Permission.Operate,
            Description = "The run keeps its id and its history, and gets all of its attempts again. New args are checked against the job, "
                + "as those of a new run; `lineage` of the run keeps those before. `***` in the place of a secret keeps the stored one.",
            Parameters = [CommonParameters.RunId, CommonParameters.DryRun],
            Body = BodyContract.Optional<ReplayDeadLetterBody>("{}"),
            Answers =
            [
                AnswerContract.Of<ReplayedView>("The run is pending again.", StatusCodes.Status202Accepted),
                AnswerContract.Of<ReplayedView>("With `dryRun`: what would differ."),
            ],
            Problems =
            [
                "not_found", "not_dead", "run_revoked", "args_changed", "args_and_patch", "unknown_job", "invalid_argument",
                "unknown_argument", "missing_argument", "duplicate_argument", "unknown_secret", "args_too_large", "invalid_text",
            ],
        });
        api.MapPost("/dead-letters/{id}/discard", DiscardAsync).Declare(new("discardDeadLetter", "Discards a dead letter.")
        {
            Permission = Permission.Operate,
            Description = "The run stays failed, with its history, and is no dead letter any more. It can still be replayed as a run.",
            Parameters = [CommonParameters.RunId, CommonParameters.DryRun],
            Body = BodyContract.Of<DiscardBody>(
                """{"reason":"the customer has closed the account"}""", DeadGroupsEndpoints.CheckReasonAsync),
            Answers = [AnswerContract.Of<DiscardedView>("It is discarded.")],
            Problems = ["not_found", "not_dead", "missing_field"],
        });
    }

    private static async Task<IResult> ReplayAsync(string id, HttpContext http, ReplayEdited replay, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        var body = await RequestBody.ReadAsync<ReplayDeadLetterBody>(http, ct);
        var isDryRun = CommonParameters.DryRun.Of(http);
        var done = await replay.ExecuteAsync(runId, new ArgsEdit(body.Args, body.Patch), Caller.Of(http), isDryRun, ct);
        return done.Result switch
        {
            ReplayResult.NotFound => Problems.NotFound("dead letter", id),
            ReplayResult.WrongState => NotDead(runId),
            ReplayResult.Revoked => Problems.Conflict("run_revoked", $"Run {runId} was revoked when its schedule changed."),
            ReplayResult.ArgsChanged => Problems.Conflict(
                "args_changed",
                $"Somebody else replayed run {runId} with other args at the same time. Nothing was changed; look at it and edit it again."),
            _ => Results.Json(
                new ReplayedView { Id = runId.ToString(), Diff = [.. done.Changes.Select(c => c.ToView())] }, FleetJson.Payload,
                statusCode: isDryRun ? StatusCodes.Status200OK : StatusCodes.Status202Accepted),
        };
    }

    private static async Task<IResult> DiscardAsync(string id, HttpContext http, DiscardRuns discard, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        var reason = await DeadGroupsEndpoints.ReadReasonAsync(http, ct);
        var isDryRun = CommonParameters.DryRun.Of(http);
        return await discard.ExecuteAsync(runId, reason, Caller.Of(http), isDryRun, CancellationToken.None) switch
        {
            DiscardResult.NotFound => Problems.NotFound("dead letter", id),
            DiscardResult.NotDead => NotDead(runId),
            _ => Results.Json(new DiscardedView { Discarded = 1 }, FleetJson.Payload),
        };
    }

    private static IResult NotDead(RunId id) => Problems.Make(
        StatusCodes.Status404NotFound, "not_dead", $"Run {id} is no dead letter: it has not failed for good, or was discarded.");
}
