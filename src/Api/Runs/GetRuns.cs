using Fleet.Client;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
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
        api.MapGet("/runs", ListAsync).TakesQuery("state", "job", "lane", "schedule", "limit", "cursor").Produces<Page<RunView>>()
            .WithName("listRuns");
        api.MapGet("/runs/{id}", GetAsync).Produces<RunDetailView>().WithName("getRun");
        api.MapGet("/runs/{id}/logs", LogsAsync).TakesQuery("after", "limit").Produces<Page<LogLineView>>().WithName("getRunLogs");
    }

    /// <summary>Newest first.</summary>
    private static async Task<IResult> ListAsync(HttpContext http, IStorage storage, CancellationToken ct)
    {
        var query = new QueryString(http);
        var limit = query.Limit(50);
        await using var db = storage.Read();
        var runs = db.Runs.AsNoTracking();
        if (query.Word<RunState>("state") is { } state)
            runs = runs.Where(r => r.State == state);
        if (query.Text("job") is { } job)
            runs = runs.Where(r => r.Job == job);
        if (query.Text("lane") is { } lane)
            runs = runs.Where(r => r.Lane == lane);
        if (query.Text("schedule") is { } schedule)
            runs = runs.Where(r => r.ScheduleId == schedule);
        if (query.Cursor() is { } before)
            runs = runs.Where(r => r.Id < before);
        var page = await runs.OrderByDescending(r => r.Id).Take(limit + 1).ToListAsync(ct);
        var next = page.Count > limit ? QueryString.WriteCursor(page[limit - 1].Id) : null;
        return Results.Json(new Page<RunView> { Items = [.. page.Take(limit).Select(r => r.ToView())], Next = next }, FleetJson.Payload);
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
