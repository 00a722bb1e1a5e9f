using System.Text.Json;
using Fleet.Api.Access;
using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Jobs;

internal static class GetJobsEndpoints
{
    /// <summary>How old the number of workers may be.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private static readonly TextParameter Name = new("name", "The name of the job, or one of its aliases.")
    {
        Place = ParameterPlace.Path,
        Example = "diag.echo",
    };

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/jobs", ListAsync).Declare(new("listJobs", "Lists the jobs that the workers have offered.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            Answers = [AnswerContract.Of<Page<JobView>>("All jobs, by name.")],
        });
        api.MapGet("/jobs/{name}", GetAsync).Declare(new("getJob", "Shows a job with the schema of its args and an example.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            Parameters = [Name],
            Answers = [AnswerContract.Of<JobView>("The job.")],
            Problems = ["not_found"],
        });
    }

    private static async Task<IResult> ListAsync(HttpContext http, JobCatalog catalog, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        var jobs = (await catalog.ListAsync(ct)).Where(job => who.Sees(job.Lane));
        return Results.Json(new Page<JobView> { Items = [.. jobs.Select(job => View(job, catalog))] }, FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string name, HttpContext http, JobCatalog catalog, CancellationToken ct)
    {
        if (await catalog.FindAsync(name, ct) is not { } job || !Admission.PrincipalOf(http).Sees(job.Lane))
            return Problems.NotFound("job", name);
        await catalog.FindOffersAsync(MaxAge, ct);
        return Results.Json(View(job, catalog), FleetJson.Payload);
    }

    private static JobView View(JobInfo job, JobCatalog catalog) => new()
    {
        Name = job.Name,
        Lane = job.Lane,
        Description = job.Description,
        Aliases = job.Aliases,
        MaxAttempts = job.MaxAttempts,
        Timeout = job.Timeout,
        Schema = JsonElement.Parse(job.Schema),
        Example = new ExampleView { Job = job.Name, Args = JsonElement.Parse(job.Example) },
        Version = job.Version,
        ServedBy = catalog.CountWorkers(job),
    };
}
