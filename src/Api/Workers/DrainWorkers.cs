using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Workers;

internal static class DrainWorkersEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/workers/{id}/drain", DrainAsync).Declare(new("drainWorker", "Asks a worker to take no new runs.")
        {
            Permission = Permission.Operate,
            Description = "It finishes its runs and stays idle, until it is resumed or its process stops.",
            Parameters = [WorkerParameters.Id],
            Body = BodyContract.Optional<ControlBody>("""{"reason":"the machine gets a new kernel"}"""),
            Answers = [AnswerContract.Of<WorkerDetailView>("The worker as it is now.")],
            Problems = ["not_found", "worker_gone"],
        });
        api.MapPost("/workers/{id}/resume", ResumeAsync).Declare(new("resumeWorker", "Lets a drained worker take runs again.")
        {
            Permission = Permission.Operate,
            Parameters = [WorkerParameters.Id],
            Body = BodyContract.Optional<EmptyBody>("{}"),
            Answers = [AnswerContract.Of<WorkerDetailView>("The worker as it is now.")],
            Problems = ["not_found", "worker_gone"],
        });
    }

    private static async Task<IResult> DrainAsync(string id, HttpContext http, DrainWorkers drain, GetWorkers get, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<ControlBody>(http, ct);
        var by = Caller.Of(http);
        var isDone = WorkerViews.ReadId(id) is { } worker && await drain.DrainAsync(worker, body.Reason, by, CancellationToken.None);
        return await ShowAsync(id, isDone, get, ct);
    }

    private static async Task<IResult> ResumeAsync(string id, HttpContext http, DrainWorkers drain, GetWorkers get, CancellationToken ct)
    {
        await RequestBody.ReadAsync<EmptyBody>(http, ct);
        var by = Caller.Of(http);
        var isDone = WorkerViews.ReadId(id) is { } worker && await drain.ResumeAsync(worker, by, CancellationToken.None);
        return await ShowAsync(id, isDone, get, ct);
    }

    private static async Task<IResult> ShowAsync(string id, bool isDone, GetWorkers get, CancellationToken ct) =>
        await get.ShowAsync(id, ct) switch
        {
            null => Problems.NotFound("worker", id),
            _ when !isDone => Problems.Conflict("worker_gone", $"Worker {id} is gone: its process has ended, or was silent for too long."),
            var worker => Results.Json(worker, FleetJson.Payload),
        };
}
