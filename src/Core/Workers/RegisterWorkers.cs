using System.Text.Json;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Workers;

/// <summary>The life of a worker's row: registered, kept alive by heartbeats, drained, gone.</summary>
public sealed class RegisterWorkers(IStorage storage)
{
    /// <summary>Makes a new identity.</summary>
    /// <param name="name">For people.</param>
    /// <param name="lanes">Lane → slots.</param>
    /// <param name="lease">How long the worker counts as alive without a heartbeat.</param>
    /// <param name="ct">Cancels the call.</param>
    public Task<WorkerId> RegisterAsync(string name, IReadOnlyDictionary<string, int> lanes, TimeSpan lease, CancellationToken ct) =>
        storage.WriteRetryingAsync(
            async scope =>
            {
                var now = await storage.GetClockAsync(scope, ct);
                var process = ProcessIdentity.Current();
                var worker = new WorkerRow
                {
                    Id = WorkerId.New(now),
                    Name = name,
                    ProcessSpace = process.Space,
                    ProcessId = process.Id,
                    ProcessStart = process.Start,
                    Lanes = JsonSerializer.Serialize(lanes),
                    State = WorkerState.Active,
                    StartedAt = now,
                    HeartbeatAt = now,
                    LeaseUntil = now + lease,
                };
                scope.Db.Workers.Add(worker);
                var known = await scope.Db.Lanes.Select(l => l.Name).ToListAsync(ct);
                foreach (var lane in lanes.Keys.Except(known, StringComparer.Ordinal))
                    scope.Db.Lanes.Add(new LaneRow { Name = lane, FirstSeenAt = now });
                await scope.Db.SaveChangesAsync(ct);
                return worker.Id;
            },
            ct);

    /// <summary>Says that the worker takes nothing new.</summary>
    public Task DrainAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Draining, ct);

    /// <summary>Says that the worker has stopped; runs that it still holds may be taken at once.</summary>
    public Task LeaveAsync(WorkerId worker, CancellationToken ct) => SetStateAsync(worker, WorkerState.Gone, ct);

    private Task<int> SetStateAsync(WorkerId worker, WorkerState state, CancellationToken ct) => storage.WriteAsync(
        scope => scope.Db.Workers.Where(w => w.Id == worker && w.State != WorkerState.Gone)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.State, state), ct),
        ct);
}
