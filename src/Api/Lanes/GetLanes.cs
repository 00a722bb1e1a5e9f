using Fleet.Api.Contract;
using System.Text.Json;
using Fleet.Client;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Api.Lanes;

internal static class GetLanesEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/lanes", LanesAsync).Declare(new("listLanes", "Lists the lanes with what waits and runs in them.")
        {
            Answers = [AnswerContract.Of<Page<LaneView>>("All lanes, by name.")],
        });
        api.MapGet("/workers", WorkersAsync).Declare(new("listWorkers", "Lists the workers, the last started first.")
        {
            Answers = [AnswerContract.Of<Page<WorkerView>>("At most 500 workers.")],
        });
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
            new Page<LaneView>
            {
                Items =
                [
                    .. names.Select(n => new LaneView
                    {
                        Name = n,
                        Pending = pending.GetValueOrDefault(n),
                        Running = running.GetValueOrDefault(n),
                        Slots = slots.GetValueOrDefault(n),
                    }),
                ],
            },
            FleetJson.Payload);
    }

    private static Task<Dictionary<string, int>> CountAsync(IQueryable<Run> runs, CancellationToken ct) =>
        runs.GroupBy(r => r.Lane).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);

    private static async Task<IResult> WorkersAsync(IStorage storage, CancellationToken ct)
    {
        await using var db = storage.Read();
        var rows = await db.Workers.AsNoTracking().OrderByDescending(w => w.StartedAt).Take(500).ToListAsync(ct);
        return Results.Json(new Page<WorkerView> { Items = [.. rows.Select(ToView)] }, FleetJson.Payload);
    }

    private static WorkerView ToView(WorkerRow worker) => new()
    {
        Id = worker.Id.ToString(),
        Name = worker.Name,
        State = worker.State.ToWord(),
        Lanes = Slots(worker.Lanes),
        StartedAt = worker.StartedAt,
        HeartbeatAt = worker.HeartbeatAt,
    };

    private static Dictionary<string, int> Slots(string json) => JsonSerializer.Deserialize<Dictionary<string, int>>(json)!;
}
