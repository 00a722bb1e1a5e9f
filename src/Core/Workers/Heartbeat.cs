using System.Text.Json;
using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Workers;

/// <summary>What a heartbeat learned.</summary>
/// <param name="IsAlive">False when the worker was declared gone: its runs are no longer its own.</param>
/// <param name="Held">The runs that the database counts as this worker's.</param>
public readonly record struct Pulse(bool IsAlive, IReadOnlyList<HeldRun> Held);

/// <summary>A run that is leased to a worker.</summary>
public readonly record struct HeldRun(RunId Id, long LeaseToken, bool IsCancelRequested);

/// <summary>Renews all leases of a worker at once.</summary>
public sealed class Heartbeat(IStorage storage)
{
    /// <param name="worker">Whose.</param>
    /// <param name="lease">How long it counts from now, by the database's clock.</param>
    /// <param name="claimedThrough">Lane → the latest due time claimed, in Unix milliseconds.</param>
    /// <param name="ct">Cancels the call.</param>
    public Task<Pulse> ExecuteAsync(WorkerId worker, TimeSpan lease, IReadOnlyDictionary<string, long> claimedThrough, CancellationToken ct) =>
        storage.WriteAsync(
            async scope =>
            {
                var now = await storage.GetClockAsync(scope, ct);
                var until = now + lease;
                var through = JsonSerializer.Serialize(claimedThrough);
                var renewed = await scope.Db.Workers.Where(w => w.Id == worker && w.State != WorkerState.Gone).ExecuteUpdateAsync(
                    set => set.SetProperty(w => w.HeartbeatAt, now)
                        .SetProperty(w => w.LeaseUntil, until)
                        .SetProperty(w => w.ClaimedThrough, through),
                    ct);
                if (renewed == 0)
                    return new Pulse(false, []);
                var held = await scope.Db.Runs
                    .Where(r => r.State == RunState.Running && r.WorkerId == worker)
                    .Select(r => new HeldRun(r.Id, r.LeaseToken, r.CancelRequestedAt != null)).ToListAsync(ct);
                return new Pulse(true, held);
            },
            ct);
}
