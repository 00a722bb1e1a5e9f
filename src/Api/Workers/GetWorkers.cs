using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Text;
using Fleet.Core.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Workers;

internal static class GetWorkersEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/workers", ListAsync).Declare(new("listWorkers", "Lists the workers, the last started first.")
        {
            Permission = Permission.View,
            Description = "Workers that are gone come last, and are kept for a while.",
            Answers = [AnswerContract.Of<Page<WorkerView>>("At most 500 workers.")],
        });
        api.MapGet("/workers/{id}", GetAsync).Declare(new("getWorker", "Shows a worker with the jobs that it knows and its runs.")
        {
            Permission = Permission.View,
            Parameters = [WorkerParameters.Id],
            Answers = [AnswerContract.Of<WorkerDetailView>("The worker.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(GetWorkers get, CancellationToken ct)
    {
        var workers = await get.ListAsync(ct);
        return Results.Json(new Page<WorkerView> { Items = [.. workers.Select(w => w.Fill(new WorkerView()))] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, GetWorkers get, CancellationToken ct) =>
        await get.ShowAsync(id, ct) is { } worker ? Results.Json(worker, FleetJson.Payload) : Problems.NotFound("worker", id);
}
