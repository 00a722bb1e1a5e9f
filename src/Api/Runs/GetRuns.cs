using Fleet.Client;
using Fleet.Core.Rules;
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
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", ListAsync).TakesQuery([.. RunTerms.Parameters, "limit", "cursor"]).Produces<RunPageView>()
            .WithName("listRuns");
        api.MapGet("/runs/{id}", GetAsync).Produces<RunDetailView>().WithName("getRun");
        api.MapGet("/runs/{id}/logs", LogsAsync).TakesQuery("after", "limit").Produces<Page<LogLineView>>().WithName("getRunLogs");
    }

    /// <summary>Newest first.</summary>
    private static async Task<IResult> ListAsync(HttpContext http, SearchRuns search, TimeProvider time, CancellationToken ct)
    {
        var query = new QueryString(http);
        var limit = query.Limit(50);
        var terms = RunTerms.Read(query, time.GetUtcNow());
        var page = await search.ExecuteAsync(terms, RunCursor.Read(query.Text("cursor"), terms), limit, ct);
        return Results.Json(
            new RunPageView
            {
                Items = [.. page.Runs.Select(r => r.ToView())],
                Next = page.Next is { } next ? RunCursor.Write(next, terms) : null,
                Scanned = page.Scanned.ToView(),
            },
            FleetJson.Payload);
    }

    private static async Task<IResult> GetAsync(string id, GetRuns runs, CancellationToken ct) =>
        await runs.FindHistoryAsync(ReadId(id), ct) is { } history
            ? Results.Json(history.ToView(), FleetJson.Payload)
            : Problems.NotFound("run", id);

    private static async Task<IResult> LogsAsync(string id, HttpContext http, IStorage storage, CancellationToken ct)
    {
        var runId = ReadId(id);
        var query = new QueryString(http);
        var after = query.Number("after", 0, long.MaxValue) ?? 0;
        var limit = query.Limit(QueryString.MaxLimit);
        await using var db = storage.Read();
        if (!await db.Runs.AnyAsync(r => r.Id == runId, ct))
            return Problems.NotFound("run", id);
        var lines = await db.RunLogs.AsNoTracking().Where(l => l.RunId == runId && l.Id > after).OrderBy(l => l.Id).Take(limit)
            .ToListAsync(ct);
        return Results.Json(new Page<LogLineView> { Items = [.. lines.Select(l => l.ToView())] }, FleetJson.Payload);
    }

    /// <exception cref="InvalidRunException">The text is no run id.</exception>
    public static RunId ReadId(string text) => RunId.TryParse(text, out var id)
        ? id
        : throw new InvalidRunException(
            RunRules.Invalid("invalid_id", "id", text, "a run id: a UUID of 36 characters, as the enqueue answered"));
}
