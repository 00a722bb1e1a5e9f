using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.Runs;

internal static class GetRunsEndpoints
{
    public static readonly NumberParameter Limit = CommonParameters.Limit(50);

    public static readonly TextParameter Cursor =
        new("cursor", "The `next` of an earlier page, unchanged and with the same query: the answer goes on after that page.")
        {
            Refusals = ["invalid_cursor", "cursor_of_another_query"],
        };

    private static readonly NumberParameter After =
        new("after", "Lines after the one with this id: the `id` of the last line of an earlier answer.", 0, long.MaxValue) { Default = 0 };

    private static readonly NumberParameter LineLimit = CommonParameters.Limit(CommonParameters.MaxLimit);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", ListAsync).Declare(new("listRuns", "Lists the runs that match a query, the last created first.")
        {
            Permission = Permission.View,
            IsSearch = true,
            Bound = BoundAnswer.Filtered,
            Description = "A search takes a bounded time, however little it finds: it looks at runs from the newest on, for at most 150 ms "
                + "or 100,000 runs. Then `scanned` says how far it looked, and `next` goes on from there; a short or an empty page is not "
                + "the end while `next` is given. The query language is described at the top of this document.",
            Parameters = [.. RunTerms.Parameters, Limit, Cursor],
            Answers = [AnswerContract.Of<RunPageView>("The runs that were found so far, and how far the search looked.")],
            Problems = RunTerms.Codes,
        });
        api.MapGet("/runs/{id}", GetAsync).Declare(new("getRun", "Shows a run with its attempts and replays.")
        {
            Permission = Permission.Follow,
            Parameters = [CommonParameters.RunId],
            Answers = [AnswerContract.Of<RunDetailView>("The run.")],
            Problems = ["not_found"],
        });
        api.MapGet("/runs/{id}/logs", LogsAsync).Declare(new("getRunLogs", "Lists the log lines of a run, the oldest first.")
        {
            Permission = Permission.Follow,
            Description = "For the lines that follow, ask again with `after`, until there are none; `next` is always null. To follow the "
                + "log of a run that executes, go on asking, about once a second, until the run has ended.",
            Parameters = [CommonParameters.RunId, After, LineLimit],
            Answers = [AnswerContract.Of<Page<LogLineView>>("The lines.")],
            Problems = ["not_found"],
        });
    }

    /// <summary>Newest first.</summary>
    private static Task<IResult> ListAsync(HttpContext http, SearchRuns search, TimeProvider time, CancellationToken ct) =>
        PageAsync(http, search, RunTerms.Read(http, time.GetUtcNow()), ct);

    /// <summary>A page of the runs that match, by the parameters <see cref="Limit"/> and <see cref="Cursor"/>.</summary>
    public static async Task<IResult> PageAsync(HttpContext http, SearchRuns search, RunQuery terms, CancellationToken ct)
    {
        var page = await search.ExecuteAsync(terms, RunCursor.Read(Cursor.Find(http), terms), Limit.Of(http), ct);
        return Results.Json(
            new RunPageView
            {
                Items = [.. page.Runs.Select(r => r.ToView())],
                Next = page.Next is { } next ? RunCursor.Write(next, terms) : null,
                Scanned = page.Scanned.ToView(),
            },
            FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, GetRuns runs, FindAttemptLimits limits, SecretArgs secrets, CancellationToken ct) =>
        await runs.FindHistoryAsync(CommonParameters.RunId.Of(http), ct) is { } history
            ? Results.Json(
                history.ToView(
                    await secrets.FindAsync(history.Run.Job, ct), await limits.ExecuteAsync(history.Run, history.Attempts, ct)),
                FleetJson.Payload)
            : await runs.FindDeletedAsync(CommonParameters.RunId.Of(http), ct) is { } deleted
            ? Problems.Make(
                StatusCodes.Status404NotFound, "not_found",
                $"Run {deleted.Id} was deleted at {deleted.DeletedAt!.Value.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} by {deleted.DeletedBy}.")
            : Problems.NotFound("run", id);

    private static async Task<IResult> LogsAsync(string id, HttpContext http, IStorage storage, CancellationToken ct)
    {
        var runId = CommonParameters.RunId.Of(http);
        var (after, limit) = (After.Find(http), LineLimit.Of(http));
        await using var db = storage.Read();
        if (!await db.Runs.AnyAsync(r => r.Id == runId, ct))
            return Problems.NotFound("run", id);
        var lines = await db.RunLogs.AsNoTracking().Where(l => l.RunId == runId && l.Id > after).OrderBy(l => l.Id).Take(limit)
            .ToListAsync(ct);
        return Results.Json(new Page<LogLineView> { Items = [.. lines.Select(l => l.ToView())] }, FleetJson.Payload);
    }
}
