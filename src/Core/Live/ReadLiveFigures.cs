using System.Text.Json;
using Fleet.Core.Leadership;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Live;

/// <summary>Reads what the fleet is doing now. However many runs wait, it reads at most <see cref="CappedCount.Limit"/> and one rows of
/// each kind.</summary>
public sealed class ReadLiveFigures(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of workers that are read.</summary>
    public const int MaxWorkers = 500;

    private const int MaxRows = CappedCount.Limit + 1;

    /// <param name="ct">Cancels it.</param>
    public async Task<LiveFigures> ExecuteAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        var pending = await db.Pending.Take(MaxRows).GroupBy(r => r.Lane)
            .Select(g => new { Lane = g.Key, All = g.Count(), Ready = g.Count(r => r.DueAt <= now), Oldest = g.Min(r => r.DueAt) })
            .ToDictionaryAsync(g => g.Lane, StringComparer.Ordinal, ct);
        var running = await db.Running.Take(MaxRows).GroupBy(r => r.Lane).Select(g => new { Lane = g.Key, All = g.Count() })
            .ToDictionaryAsync(g => g.Lane, g => g.All, StringComparer.Ordinal, ct);
        // Until later than now: clocks of other machines may be ahead.
        var ended = await db.FailedOrCanceled(now + TimeSpan.FromDays(1)).Take(MaxRows).GroupBy(r => r.State)
            .Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct);
        var workers = await ReadWorkersAsync(db, ct);
        var lease = await db.Leases.AsNoTracking().FirstOrDefaultAsync(l => l.Name == LeaderLease.DefaultName, ct);

        var (allPending, allRunning) = (pending.Values.Sum(p => p.All), running.Values.Sum());
        var (isMorePending, isMoreRunning) = (allPending > CappedCount.Limit, allRunning > CappedCount.Limit);
        var slots = workers.Where(w => w.State == WorkerState.Active).SelectMany(w => w.Lanes)
            .GroupBy(l => l.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(l => l.Value), StringComparer.Ordinal);
        var names = (await db.Lanes.Select(l => l.Name).ToListAsync(ct)).Concat(pending.Keys).Concat(running.Keys).Concat(slots.Keys);
        var ready = pending.Values.Sum(p => p.Ready);
        return new LiveFigures
        {
            At = now,
            Scheduled = Capped(allPending - ready, isMorePending),
            Ready = Capped(ready, isMorePending),
            Running = Capped(allRunning, isMoreRunning),
            Failed = Capped(
                ended.Where(e => e.Key == RunState.Failed).Sum(e => e.Count), ended.Sum(e => e.Count) > CappedCount.Limit),
            OldestReadyAt = pending.Values.Where(p => p.Ready > 0).Min(p => (DateTimeOffset?)p.Oldest),
            Lanes =
            [
                .. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name =>
                {
                    var waits = pending.GetValueOrDefault(name);
                    return new LiveLane(
                        name, Capped(waits?.Ready ?? 0, isMorePending), Capped((waits?.All - waits?.Ready) ?? 0, isMorePending),
                        Capped(running.GetValueOrDefault(name), isMoreRunning), slots.GetValueOrDefault(name),
                        waits?.Ready > 0 ? waits.Oldest : null);
                }),
            ],
            Workers = workers,
            Leader = lease is not null && lease.ExpiresAt > now
                ? new LiveLeader(MachineOf(lease.Owner), lease.Term, lease.ExpiresAt)
                : null,
        };
    }

    private static CappedCount Capped(int value, bool isMore) => new(Math.Min(value, CappedCount.Limit), isMore);

    private static async Task<List<LiveWorker>> ReadWorkersAsync(FleetDbContext db, CancellationToken ct)
    {
        var rows = await db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).OrderBy(w => w.Name).Take(MaxWorkers)
            .Select(w => new { w.Id, w.Name, w.State, w.Lanes, w.StartedAt, w.HeartbeatAt, w.LeaseUntil }).ToListAsync(ct);
        return
        [
            .. rows.Select(w => new LiveWorker(
                w.Id, w.Name, w.State, JsonSerializer.Deserialize<Dictionary<string, int>>(w.Lanes)!, w.StartedAt, w.HeartbeatAt,
                w.LeaseUntil)),
        ];
    }

    /// <summary>The owner of a lease without the part that only tells two leaders of one process apart.</summary>
    private static string MachineOf(string owner) => owner.LastIndexOf('/') is > 0 and var end ? owner[..end] : owner;
}
