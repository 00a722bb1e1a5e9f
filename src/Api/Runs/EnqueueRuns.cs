using Fleet.Client;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Runs;

internal static class EnqueueRunsEndpoints
{
    /// <summary>The most runs in one batch.</summary>
    public const int MaxBatch = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs", EnqueueAsync).TakesBody<EnqueueBody>().Produces<EnqueuedView>(202).WithName("enqueueRun");
        api.MapPost("/runs/batch", EnqueueManyAsync).TakesBody<EnqueueBatchBody>().Produces<EnqueuedBatchView>(202).WithName("enqueueRuns");
    }

    private static async Task<IResult> EnqueueAsync(
        HttpContext http, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<EnqueueBody>(http, RequestBody.MaxSingle, ct);
        var key = IdempotencyKeyHeader.Read(http.Request);
        if (key is not null && body.IdempotencyKey is { } other && other != key)
        {
            throw new InvalidRunException(new InputError(
                "two_idempotency_keys", "idempotencyKey", "idempotencyKey: it differs from the header Idempotency-Key.",
                RunRules.Show(other), "one of them, or the same twice"));
        }

        var request = await ToRequestAsync(body, "", key, Caller.Of(http), catalog, schemas, ct);
        var outcome = await enqueue.ExecuteAsync(request, CancellationToken.None);
        // Below the path of this request, wherever the program has mapped the API.
        http.Response.Headers.Location = $"{http.Request.PathBase}{http.Request.Path}".TrimEnd('/') + $"/{outcome.Id}";
        return Results.Json(
            new EnqueuedView { Id = outcome.Id.ToString() }, FleetJson.Payload, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> EnqueueManyAsync(
        HttpContext http, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, CancellationToken ct)
    {
        if (http.Request.Headers.ContainsKey(IdempotencyKeyHeader.Name))
        {
            throw new InvalidRunException(new InputError(
                "key_of_a_batch", "idempotencyKey",
                "idempotencyKey: the header Idempotency-Key is for one run; in a batch each run has its own.", null,
                "idempotencyKey in each run"));
        }

        var body = await RequestBody.ReadAsync<EnqueueBatchBody>(http, RequestBody.MaxBatch, ct);
        if (body.Runs is not { Count: > 0 and <= MaxBatch } runs)
            throw new InvalidRunException(RunRules.Invalid("invalid_batch", "runs", $"{body.Runs?.Count ?? 0} runs", $"1–{MaxBatch} runs"));
        var by = Caller.Of(http);
        var requests = new RunRequest[runs.Count];
        for (var i = 0; i < requests.Length; i++)
        {
            // The serializer lets null pass as an element.
            if (runs[i] is null)
                throw new InvalidRunException(
                    new InputError("wrong_type", $"runs[{i}]", $"runs[{i}]: expected a JSON object.", "null", "a JSON object"));
            requests[i] = await ToRequestAsync(runs[i], $"runs[{i}].", null, by, catalog, schemas, ct);
        }

        var outcomes = await enqueue.ExecuteManyAsync(requests, CancellationToken.None);
        return Results.Json(
            new EnqueuedBatchView { Ids = [.. outcomes.Select(o => o.Id.ToString())] }, FleetJson.Payload,
            statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<RunRequest> ToRequestAsync(
        EnqueueBody body, string path, string? key, Actor by, JobCatalog catalog, ArgsSchemas schemas, CancellationToken ct)
    {
        if (body.Job is not { Length: > 0 } name)
            throw new InvalidRunException(
                new InputError("missing_field", path + "job", $"{path}job: it is missing; it names the job to run.", null, "a job's name"));
        var job = await catalog.FindAsync(name, ct) ?? throw new InvalidRunException(catalog.UnknownJob(name, path + "job"));
        var args = ArgsText.From(body.Args, path);
        if (await schemas.CheckAsync(job, args) is { } error)
            throw new InvalidRunException(error with { Field = path + error.Field, Message = path + error.Message });
        return new RunRequest
        {
            Job = name,
            Args = args,
            By = by,
            Options = new EnqueueOptions
            {
                Lane = body.Lane,
                Delay = RunRules.ReadDelay(body.Delay, path + "delay"),
                RunAt = RunRules.ReadInstant(body.RunAt, path + "runAt"),
                Tags = body.Tags,
                MaxAttempts = body.MaxAttempts,
                IdempotencyKey = body.IdempotencyKey ?? key,
            },
        };
    }
}
