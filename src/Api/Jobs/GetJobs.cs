using System.Text.Json;
using Fleet.Client;
using Fleet.Core.Jobs;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Jobs;

/// <summary>A job that some worker has offered.</summary>
/// <param name="Schema">JSON Schema of the args.</param>
/// <param name="Example">A body for <c>POST /api/v1/runs</c> that is accepted.</param>
/// <param name="Version">Differs when a program describes the job in another way.</param>
/// <param name="ServedBy">How many active workers of the lane offer the job, in this version or another; its runs wait while there is
/// none.</param>
public sealed record JobView(
    string Name, string Lane, string? Description, IReadOnlyList<string> Aliases, int? MaxAttempts, TimeSpan? Timeout, JsonElement Schema,
    ExampleBody Example,
    string Version, int ServedBy);

/// <summary>An example request.</summary>
public sealed record ExampleBody(string Job, JsonElement Args);

internal static class GetJobsEndpoints
{
    /// <summary>How old the number of workers may be.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs", ListAsync).Produces<Page<JobView>>().WithName("listJobs");
        api.MapGet("/jobs/{name}", GetAsync).Produces<JobView>().WithName("getJob");
    }

    private static async Task<IResult> ListAsync(JobCatalog catalog, CancellationToken ct) =>
        Results.Json(new Page<JobView> { Items = [.. (await catalog.ListAsync(ct)).Select(job => View(job, catalog))] }, FleetJson.Payload);

    private static async Task<IResult> GetAsync(string name, JobCatalog catalog, CancellationToken ct)
    {
        if (await catalog.FindAsync(name, ct) is not { } job)
            return Problems.NotFound("job", name);
        await catalog.FindOffersAsync(MaxAge, ct);
        return Results.Json(View(job, catalog), FleetJson.Payload);
    }

    private static JobView View(JobInfo job, JobCatalog catalog) => new(
        job.Name, job.Lane, job.Description, job.Aliases, job.MaxAttempts, job.Timeout,
        JsonElement.Parse(job.Schema), new ExampleBody(job.Name, JsonElement.Parse(job.Example)), job.Version, catalog.CountWorkers(job));
}
