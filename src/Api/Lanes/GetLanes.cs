using System.Text.Json;
using Fleet.Api.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.Lanes;

/// <summary>A lane with its work.</summary>
/// <param name="Pending">Runs that wait, those that are due later included.</param>
/// <param name="Running">Runs under way.</param>
/// <param name="Slots">Slots of all living workers, as many as they begin with; 0 when none serves it.</param>
public sealed record LaneView(string Name, int Pending, int Running, int Slots);

/// <summary>A worker process.</summary>
public sealed record WorkerView(
    string Id, string Name, WorkerState State, IReadOnlyDictionary<string, int> Lanes, DateTimeOffset StartedAt,
    DateTimeOffset HeartbeatAt);

internal static class GetLanesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/lanes", LanesAsync).Produces<Page<LaneView>>().WithName("listLanes");
        api.MapGet("/workers", WorkersAsync).Produces<Page<WorkerView>>().WithName("listWorkers");
    }

    private static async Task<IResult> LanesAsync(IStorage storage, CancellationToken ct)
    {
        await using var db = storage.Read();
        var pending = await CountAsync(db.Pending, ct);
        var running = await CountAsync(db.Running, ct);
        var slots = (await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Active).Select(w => w.Lanes).ToListAsync(ct))
            .SelectMany(Slots).GroupBy(s => s.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(s => s.Value), StringComparer.Ordinal);
        var known = await db.Lanes.Select(l => l.Name).ToListAsync(ct);
        var names = known.Concat(pending.Keys).Concat(running.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return Results.Json(
            new Page<LaneView>(
                [.. names.Select(
                    n => new LaneView(n, pending.GetValueOrDefault(n), running.GetValueOrDefault(n), slots.GetValueOrDefault(n)))]),
            FleetJson.Payload);
    }

    private static Task<Dictionary<string, int>> CountAsync(IQueryable<Run> runs, CancellationToken ct) =>
        runs.GroupBy(r => r.Lane).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);

    private static async Task<IResult> WorkersAsync(IStorage storage, CancellationToken ct)
    {
        await using var db = storage.Read();
        var rows = await db.Workers.AsNoTracking().OrderByDescending(w => w.StartedAt).Take(500).ToListAsync(ct);
        return Results.Json(
            new Page<WorkerView>(
                [.. rows.Select(w => new WorkerView(w.Id.ToString(), w.Name, w.State, Slots(w.Lanes), w.StartedAt, w.HeartbeatAt))]),
            FleetJson.Payload);
    }

    private static Dictionary<string, int> Slots(string json) => JsonSerializer.Deserialize<Dictionary<string, int>>(json)!;
}
