using System.Text.Json;
using Fleet.Api.Runs;
using Fleet.Core;
using Fleet.Core.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Jobs;

/// <summary>A job that some worker has offered.</summary>
/// <param name="Schema">JSON Schema of the args.</param>
/// <param name="Example">A body for <c>POST /api/v1/runs</c> that is accepted.</param>
public sealed record JobView(
    string Name, string Lane, string? Description, IReadOnlyList<string> Aliases, int? MaxAttempts, TimeSpan? Timeout, JsonElement Schema, ExampleBody Example);

/// <summary>An example request.</summary>
public sealed record ExampleBody(string Job, JsonElement Args);

internal static class GetJobsEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs", ListAsync).Produces<Page<JobView>>().WithName("listJobs");
        api.MapGet("/jobs/{name}", GetAsync).Produces<JobView>().WithName("getJob");
    }

    private static async Task<IResult> ListAsync(HttpContext http, JobCatalog catalog, CancellationToken ct)
    {
        _ = new QueryString(http);
        return Results.Json(new Page<JobView>([.. (await catalog.ListAsync(ct)).Select(View)]), FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string name, JobCatalog catalog, CancellationToken ct) => await catalog.FindAsync(name, ct) is { } job
        ? Results.Json(View(job), FleetJson.Payload)
        : Problems.NotFound("job", name);

    private static JobView View(JobInfo job) => new(
        job.Name, job.Lane, job.Description, job.Aliases, job.MaxAttempts, job.Timeout,
        JsonElement.Parse(job.Schema), new ExampleBody(job.Name, JsonElement.Parse(job.Example)));
}
