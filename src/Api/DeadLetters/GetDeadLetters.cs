using Fleet.Api.Contract;
using Fleet.Api.Runs;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.DeadLetters;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.DeadLetters;

/// <summary>Dead letters: the runs that failed for good, with the query language of runs.</summary>
internal static class GetDeadLettersEndpoints
{
    private const int LogLines = 50;

    private static readonly FlagParameter Muted = new(
        "muted", "Also the dead letters of groups that are muted. A query with `fingerprint:` has those of its groups anyway.");

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/dead-letters", ListAsync).Declare(new("listDeadLetters", "Lists the dead letters that match a query.")
        {
            Permission = Permission.View,
            IsSearch = true,
            Bound = BoundAnswer.Filtered,
            Description = "The last created first, with the query language and the limits of the list of runs. Every dead letter has the "
                + "state `failed`, so the query has no `state:`.",
            Parameters = [.. RunTerms.ParametersWithoutState, Muted, GetRunsEndpoints.Limit, GetRunsEndpoints.Cursor],
            Answers = [AnswerContract.Of<RunPageView>("The dead letters that were found so far, and how far the search looked.")],
            Problems = RunTerms.Codes,
        });
        api.MapGet("/dead-letters/{id}", GetAsync).Declare(new("getDeadLetter", "Shows a dead letter with what one needs to understand it.")
        {
            Permission = Permission.View,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Of<DeadLetterView>("The dead letter.")],
            Problems = ["not_found", "not_dead"],
        });
    }

    /// <summary>Reads the query of a request for dead letters.</summary>
    /// <exception cref="InvalidRunException">The query is not well formed.</exception>
    public static RunQuery ReadTerms(HttpContext http, TimeProvider time)
    {
        var terms = RunTerms.Read(http, time.GetUtcNow(), withState: false);
        return terms.States.Count == 0
            ? terms.OfDeadLetters()
            : throw new InvalidRunException(new InputError(
                "invalid_query", "q", "q: every dead letter has the state 'failed'; leave out 'state:'.", null, "the other terms"));
    }

    /// <summary>The last created first.</summary>
    private static async Task<IResult> ListAsync(
        HttpContext http, SearchRuns search, FindMutes mutes, TimeProvider time, CancellationToken ct)
    {
        var terms = ReadTerms(http, time);
        if (!Muted.Of(http) && terms.Fingerprints.Count == 0)
            terms = terms.Without((await mutes.ExecuteAsync(ct)).Keys);
        return await GetRunsEndpoints.PageAsync(http, search, terms, ct);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, GetRuns runs, SecretArgs secrets, FindMutes mutes, IStorage storage,
        CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        if (await runs.FindHistoryAsync(runId, ct) is not { } history)
            return Problems.NotFound("dead letter", id);
        if (history.Run.State is var state && state != RunState.Failed)
        {
            return Problems.Make(
                StatusCodes.Status404NotFound, "not_dead", $"Run {runId} is no dead letter: it is {state.ToWord()}.");
        }

        if (history.Run is { DiscardedAt: { } discarded, DiscardedBy: var by, DiscardReason: var reason })
        {
            return Problems.Make(
                StatusCodes.Status404NotFound, "not_dead",
                $"Run {runId} is no dead letter: it was discarded at {discarded.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {by}: {reason}");
        }

        await using var db = storage.Read();
        var lines = await db.RunLogs.AsNoTracking().Where(l => l.RunId == runId).OrderByDescending(l => l.Id).Take(LogLines)
            .ToListAsync(ct);
        var mute = history.Run.Fingerprint is { } print ? await mutes.FindAsync(print, ct) : null;
        var run = history.ToView(await secrets.FindAsync(history.Run.Job, ct));
        return Results.Json(
            new DeadLetterView { Run = run, Mute = mute?.ToView(), Log = [.. lines.OrderBy(l => l.Id).Select(l => l.ToView())] },
            FleetJson.Payload);
    }
}
