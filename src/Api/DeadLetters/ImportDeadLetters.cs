using Fleet.Api.Contract;
using Fleet.Api.Runs;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.DeadLetters;

/// <summary>Runs dead letters of another server here.</summary>
internal static class ImportDeadLettersEndpoints
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapPost("/dead-letters/import", ImportAsync).Declare(new(
            "importDeadLetters", "Enqueues up to 1,000 exported dead letters: all of them, or none.")
        {
            Permission = Permission.Operate,
            Bound = BoundAnswer.Filtered,
            Description = "Each makes one run, checked as a new one, with the idempotency key `dead-letter:ID:REPLAYS`: the same dead "
                + "letter sent twice makes no second run.",
            Parameters = [CommonParameters.DryRun],
            Body = BodyContract.Of<ImportDeadLettersBody>(
                """{"runs":[{"id":"01938f3c-0000-7000-8000-000000000000","job":"diag.echo","args":{"text":"hello"}}]}""", CheckAsync) with
            {
                MaxBytes = RequestBody.MaxBatch,
                MostItems = new("runs", EnqueueRunsEndpoints.MaxBatch, "invalid_batch", $"1–{EnqueueRunsEndpoints.MaxBatch} runs"),
            },
            Answers =
            [
                AnswerContract.Of<ImportedView>("All of them are stored.", StatusCodes.Status202Accepted),
                AnswerContract.Of<ImportedView>("With `dryRun`: how many would be new."),
            ],
            Problems = ["invalid_batch", "invalid_id", .. EnqueueRunsEndpoints.Codes],
        });

    private static async Task<IResult> ImportAsync(
        HttpContext http, EnqueueRuns enqueue, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<ImportDeadLettersBody>(http, ct);
        var errors = new InputErrors();
        var requests = await ReadAsync(http, body, catalog, schemas, time, errors, ct);
        errors.ThrowIfAny();
        var isDryRun = CommonParameters.DryRun.Of(http);
        var outcomes = isDryRun
            ? await enqueue.CheckManyAsync(requests, ct)
            : await enqueue.ExecuteManyAsync(requests, CancellationToken.None);
        var made = outcomes.Count(o => o.Status == EnqueueStatus.Inserted);
        return Results.Json(
            new ImportedView
            {
                Imported = made,
                Known = outcomes.Count - made,
                Ids = [.. outcomes.Select(o => isDryRun && o.Status == EnqueueStatus.Inserted ? "" : o.Id.ToString())],
            },
            FleetJson.Payload,
            statusCode: isDryRun ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private static async ValueTask CheckAsync(HttpContext http, ImportDeadLettersBody body, InputErrors errors)
    {
        var services = http.RequestServices;
        await ReadAsync(
            http, body, services.GetRequiredService<JobCatalog>(), services.GetRequiredService<ArgsSchemas>(),
            services.GetRequiredService<TimeProvider>(), errors, http.RequestAborted);
    }

    private static async ValueTask<IReadOnlyList<RunRequest>> ReadAsync(
        HttpContext http, ImportDeadLettersBody body, JobCatalog catalog, ArgsSchemas schemas, TimeProvider time, InputErrors errors,
        CancellationToken ct)
    {
        if (body.Runs is not { Count: > 0 and <= EnqueueRunsEndpoints.MaxBatch } runs)
        {
            errors.Add(RunRules.Invalid(
                "invalid_batch", "runs", $"{body.Runs?.Count ?? 0} runs", $"1–{EnqueueRunsEndpoints.MaxBatch} runs"));
            return [];
        }

        var by = Caller.Of(http);
        var requests = new List<RunRequest>(runs.Count);
        for (var i = 0; i < runs.Count && !errors.AreFull; i++)
        {
            var path = $"runs[{i}].";
            // The serializer lets null pass as an element.
            if (runs[i] is not { } letter)
            {
                errors.Add(new InputError("wrong_type", $"runs[{i}]", $"runs[{i}]: expected a JSON object.", "null", "a JSON object"));
                continue;
            }

            if (!RunId.TryParse(letter.Id, out var id))
                errors.Add(RunRules.Invalid("invalid_id", path + "id", letter.Id, "a run id: a UUID of 36 characters"));
            var run = new EnqueueBody
            {
                Job = letter.Job,
                Lane = letter.Lane,
                Args = letter.Args,
                Tags = letter.Tags,
                MaxAttempts = letter.MaxAttempts,
                IdempotencyKey = $"dead-letter:{id}:{letter.Replays}",
            };
            var (request, job) = await EnqueueRunsEndpoints.ReadAsync(run, path, null, by, catalog, schemas, errors, ct);
            errors.Add(request.Check(job, time.GetUtcNow()), path);
            requests.Add(request);
        }

        return requests;
    }
}
