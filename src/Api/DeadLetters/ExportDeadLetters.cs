using Fleet.Api.Contract;
using Fleet.Api.Runs;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.DeadLetters;

/// <summary>Dead letters with all that is needed to run them elsewhere.</summary>
internal static class ExportDeadLettersEndpoints
{
    // Each may have args of 256 KiB.
    private static readonly NumberParameter Limit = new("limit", "The maximum number of items in the answer.", 1, 100)
    {
        Default = 50,
        Example = "20",
    };

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/dead-letters/export", ExportAsync).Declare(new(
            "exportDeadLetters", "Lists dead letters with all that is needed to run them elsewhere.")
        {
            Permission = Permission.View,
            Bound = BoundAnswer.Filtered,
            IsSearch = true,
            Description = "The last created first, also those of muted groups. `POST /dead-letters/import` of another server takes the "
                + "items. Secrets are redacted.",
            Parameters = [.. RunTerms.ParametersWithoutState, Limit, GetRunsEndpoints.Cursor],
            Answers = [AnswerContract.Of<DeadLetterExportView>("The dead letters that were found so far.")],
            Problems = RunTerms.Codes,
        });

    private static async Task<IResult> ExportAsync(
        HttpContext http, SearchRuns search, SecretArgs secrets, IStorage storage, TimeProvider time, CancellationToken ct)
    {
        var terms = GetDeadLettersEndpoints.ReadTerms(http, time);
        var page = await search.ExecuteAsync(terms, RunCursor.Read(GetRunsEndpoints.Cursor.Find(http), terms), Limit.Of(http), ct);
        RunId[] ids = [.. page.Runs.Select(r => r.Id)];
        await using var db = storage.Read();
        var runs = await db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id) && r.State == RunState.Failed).ToListAsync(ct);
        var stacks = (await db.Attempts.Where(a => ids.Contains(a.RunId) && a.Stack != null)
            .Select(a => new { a.RunId, a.Id, a.Number, a.Stack }).ToListAsync(ct)).ToLookup(a => a.RunId);
        var items = new List<ExportedDeadLetterView>(runs.Count);
        foreach (var run in runs.OrderByDescending(r => r.Id))
        {
            var stack = stacks[run.Id].Where(a => a.Number == run.Attempt).MaxBy(a => a.Id)?.Stack;
            items.Add(ToView(run, stack, (await secrets.FindAsync(run.Job, ct)).Redact(run.Args)));
        }

        return Results.Json(
            new DeadLetterExportView
            {
                Items = items,
                Next = page.Next is { } next ? RunCursor.Write(next, terms) : null,
                Scanned = page.Scanned.ToView(),
            },
            FleetJson.Payload);
    }

    private static ExportedDeadLetterView ToView(Run run, string? stack, string args) => new()
    {
        Id = run.Id.ToString(),
        Replays = run.Replays,
        Job = run.Job,
        Lane = run.Lane,
        Args = StoredJson.Read(args),
        Tags = GetRuns.ReadTags(run.Tags),
        MaxAttempts = run.MaxAttempts,
        Fingerprint = run.Fingerprint,
        ErrorType = run.ErrorType,
        Error = run.Error,
        Stack = stack,
        Attempt = run.Attempt,
        CreatedAt = run.CreatedAt,
        FinishedAt = run.FinishedAt,
        ScheduleId = run.ScheduleId,
        FireTime = run.FireTime,
        IdempotencyKey = run.IdempotencyKey,
    };
}
