using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Runs;

internal static class EnqueueRunsEndpoints
{
    /// <summary>The most runs in one batch.</summary>
    public const int MaxBatch = 1000;

    /// <summary>The codes of runs that are refused.</summary>
    public static readonly string[] Codes =
    [
        "missing_field", "unknown_job", "invalid_argument", "unknown_argument", "missing_argument", "duplicate_argument", "unknown_secret",
        "args_too_large", "invalid_text", "invalid_lane", "too_many_lanes", "invalid_delay", "delay_and_run_at", "invalid_instant",
        "invalid_tags", "invalid_max_attempts", "invalid_idempotency_key", "idempotency_conflict", "too_many_requests", "outcome_unknown",
    ];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs", EnqueueAsync).Declare(new("enqueueRun", "Enqueues a run.")
        {
            Permission = Permission.Submit,
            Bound = BoundAnswer.Filtered,
            Description = "When the answer has arrived, the run is stored and will be executed at least once. Without `delay` and `runAt` "
                + "it starts as soon as a worker of its lane has a free slot.",
            Parameters = [CommonParameters.IdempotencyKey, CommonParameters.DryRun],
            Body = BodyContract.Of<EnqueueBody>("""{"job":"diag.echo","args":{"text":"hello"},"tags":["docs"]}""", CheckAsync),
            Answers =
            [
                AnswerContract.Of<EnqueuedView>("The run is stored.", StatusCodes.Status202Accepted) with
                {
                    Headers = new Dictionary<string, string> { ["Location"] = "The path of the run." },
                },
                AnswerContract.Of<EnqueuedView>("Only with `dryRun`: the request is allowed. The id is that of the run that has its "
                    + "idempotency key already, or empty."),
            ],
            Problems = Codes,
        });
        api.MapPost("/runs/batch", EnqueueManyAsync).Declare(new("enqueueRuns", "Enqueues up to 1,000 runs: all of them, or none.")
        {
            Permission = Permission.Submit,
            Bound = BoundAnswer.Filtered,
            Description = "If one of them is refused, nothing is stored. Each run may have an `idempotencyKey` of its own.",
            Body = BodyContract.Of<EnqueueBatchBody>(
                """{"runs":[{"job":"diag.echo","args":{"text":"one"}},{"job":"diag.echo","args":{"text":"two"}}]}""", CheckManyAsync) with
            {
                MaxBytes = RequestBody.MaxBatch,
                MostItems = new("runs", MaxBatch, "invalid_batch", $"1–{MaxBatch} runs"),
            },
            Answers = [AnswerContract.Of<EnqueuedBatchView>("All runs are stored.", StatusCodes.Status202Accepted)],
            Problems = ["invalid_batch", "key_of_a_batch", .. Codes],
        });
    }

    private static async Task<IResult> EnqueueAsync(
        HttpContext http, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<EnqueueBody>(http, ct);
        var errors = new InputErrors();
        var request = await ReadAsync(http, body, catalog, schemas, time, errors, ct);
        errors.ThrowIfAny();
        var isDryRun = CommonParameters.DryRun.Of(http);
        EnqueueOutcome outcome;
        try
        {
            outcome = isDryRun ? await enqueue.CheckAsync(request, ct) : await enqueue.ExecuteAsync(request, CancellationToken.None);
        }
        catch (IdempotencyConflictException e) when (body.IdempotencyKey is null)
        {
            throw new IdempotencyConflictException(e.Key, e.Existing, IdempotencyKeyParameter.HeaderName);
        }

        if (isDryRun)
        {
            var known = outcome.Status == EnqueueStatus.Inserted ? "" : outcome.Id.ToString();
            return Results.Json(new EnqueuedView { Id = known }, FleetJson.Payload);
        }

        // Below the path of this request, wherever the program has mapped the API.
        http.Response.Headers.Location = $"{Problems.BaseOf(http.Request)}/api/v1/runs/{outcome.Id}";
        return Results.Json(
            new EnqueuedView { Id = outcome.Id.ToString() }, FleetJson.Payload, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> EnqueueManyAsync(
        HttpContext http, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<EnqueueBatchBody>(http, ct);
        var errors = new InputErrors();
        var requests = await ReadManyAsync(http, body, catalog, schemas, time, errors, ct);
        errors.ThrowIfAny();
        var outcomes = await enqueue.ExecuteManyAsync(requests, CancellationToken.None);
        return Results.Json(
            new EnqueuedBatchView { Ids = [.. outcomes.Select(o => o.Id.ToString())] }, FleetJson.Payload,
            statusCode: StatusCodes.Status202Accepted);
    }

    private static async ValueTask CheckAsync(HttpContext http, EnqueueBody body, InputErrors errors)
    {
        var services = http.RequestServices;
        await ReadAsync(
            http, body, services.GetRequiredService<JobCatalog>(), services.GetRequiredService<ArgsSchemas>(),
            services.GetRequiredService<TimeProvider>(), errors, http.RequestAborted);
    }

    private static async ValueTask CheckManyAsync(HttpContext http, EnqueueBatchBody body, InputErrors errors)
    {
        var services = http.RequestServices;
        await ReadManyAsync(
            http, body, services.GetRequiredService<JobCatalog>(), services.GetRequiredService<ArgsSchemas>(),
            services.GetRequiredService<TimeProvider>(), errors, http.RequestAborted);
    }

    private static async ValueTask<RunRequest> ReadAsync(
        HttpContext http, EnqueueBody body, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, InputErrors errors,
        CancellationToken ct)
    {
        // A key that the check of the header refuses is not refused again as that of the body.
        var key = CommonParameters.IdempotencyKey.Check(http) is null ? CommonParameters.IdempotencyKey.Find(http) : null;
        if (key is not null && body.IdempotencyKey is { } other && other != key)
        {
            errors.Add(new InputError(
                "two_idempotency_keys", "idempotencyKey", "idempotencyKey: it differs from the header Idempotency-Key.",
                RunRules.Show(other), "one of them, or the same twice"));
        }

        var (request, job) = await ReadAsync(body, "", key, Caller.Of(http), catalog, schemas, errors, ct);
        if (!errors.AreNone)
            errors.Add(request.Check(job, time.GetUtcNow()), "");
        return request;
    }

    private static async ValueTask<IReadOnlyList<RunRequest>> ReadManyAsync(
        HttpContext http, EnqueueBatchBody body, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, InputErrors errors,
        CancellationToken ct)
    {
        if (http.Request.Headers.ContainsKey(IdempotencyKeyParameter.HeaderName))
        {
            errors.Add(new InputError(
                "key_of_a_batch", IdempotencyKeyParameter.HeaderName,
                "Idempotency-Key: the header is for one run; in a batch each run has its own.", null, "idempotencyKey in each run"));
        }

        if (body.Runs is not { Count: > 0 and <= MaxBatch } runs)
        {
            errors.Add(RunRules.Invalid("invalid_batch", "runs", $"{body.Runs?.Count ?? 0} runs", $"1–{MaxBatch} runs"));
            return [];
        }

        var by = Caller.Of(http);
        var read = new List<(RunRequest Request, JobInfo? Job)>(runs.Count);
        for (var i = 0; i < runs.Count && !errors.AreFull; i++)
        {
            // The serializer lets null pass as an element.
            if (runs[i] is null)
                errors.Add(new InputError("wrong_type", $"runs[{i}]", $"runs[{i}]: expected a JSON object.", "null", "a JSON object"));
            read.Add(await ReadAsync(runs[i] ?? new(), $"runs[{i}].", null, by, catalog, schemas, errors, ct));
        }

        for (var i = 0; i < read.Count && !errors.AreNone && !errors.AreFull; i++)
            errors.Add(read[i].Request.Check(read[i].Job, time.GetUtcNow()), $"runs[{i}].");
        return [.. read.Select(r => r.Request)];
    }

    /// <summary>Reads what only this way in has: the names of the members, and times as text. What holds for every run is checked when the
    /// run is enqueued.</summary>
    public static async ValueTask<(RunRequest Request, JobInfo? Job)> ReadAsync(
        EnqueueBody body, string path, string? key, Actor by, JobCatalog catalog, ArgsSchemas schemas, InputErrors errors,
        CancellationToken ct)
    {
        var job = body.Job is { Length: > 0 } name ? await catalog.FindAsync(name, ct) : null;
        if (body.Job is not { Length: > 0 })
        {
            errors.Add(new InputError(
                "missing_field", path + "job", $"{path}job: it is missing; it names the job to run.", null, "a job's name"));
        }
        else if (job is null)
        {
            errors.Add(catalog.UnknownJob(body.Job, path + "job"));
        }

        var args = "{}";
        try
        {
            args = ArgsText.From(body.Args, path);
            if (job is not null)
                errors.Add(await schemas.CheckAsync(job, args), path);
        }
        catch (InvalidRunException e)
        {
            errors.Add(e);
        }

        errors.Add(RunRules.TryReadDelay(body.Delay, path + "delay", out var delay));
        errors.Add(RunRules.TryReadInstant(body.RunAt, path + "runAt", out var runAt));
        var request = new RunRequest
        {
            Job = body.Job ?? "",
            Args = args,
            By = by,
            Options = new EnqueueOptions
            {
                Lane = body.Lane,
                Delay = delay,
                RunAt = runAt,
                Tags = body.Tags,
                MaxAttempts = body.MaxAttempts,
                IdempotencyKey = body.IdempotencyKey ?? key,
            },
        };
        return (request, job);
    }
}
