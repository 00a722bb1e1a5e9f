using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Live;

/// <summary>Reads what the fleet is doing now. However many runs wait, it reads at most <see cref="CappedCount.Limit"/> and one rows of
/// each kind.</summary>
public sealed class ReadLiveFigures(IStorage storage, LaneFigures lanes, TimeProvider time)
{
    /// <summary>Maximum number of workers that are read.</summary>
    public const int MaxWorkers = 500;

    private const int MaxRows = CappedCount.Limit + 1;

    /// <param name="ct">Cancels it.</param>
    public async Task<LiveFigures> ExecuteAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        var figures = (await lanes.ListAsync(ct)).Value;
        var scheduled = await db.Pending.Take(MaxRows).GroupBy(r => r.Lane)
            .Select(g => new { Lane = g.Key, Later = g.Count(r => r.DueAt > now), All = g.Count() })
            .ToDictionaryAsync(g => g.Lane, StringComparer.Ordinal, ct);
        // Until later than now: clocks of other machines may be ahead.
        var ended = await db.FailedOrCanceled(now + TimeSpan.FromDays(1)).Take(MaxRows).GroupBy(r => r.State)
            .Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct);
        var workers = await ReadWorkersAsync(db, ct);
        var lease = await LeaderLease.FindAsync(db, ct);

        var isMore = scheduled.Values.Sum(s => s.All) > CappedCount.Limit;
        return new LiveFigures
        {
            At = now,
            Scheduled = Capped(scheduled.Values.Sum(s => s.Later), isMore),
            Ready = figures.Aggregate(default(CappedCount), (all, lane) => all + lane.Ready),
            Running = figures.Aggregate(default(CappedCount), (all, lane) => all + lane.Running),
            Failed = Capped(
                ended.Where(e => e.Key == RunState.Failed).Sum(e => e.Count), ended.Sum(e => e.Count) > CappedCount.Limit),
            OldestReadyAt = figures.Min(lane => lane.OldestReady),
            Lanes =
            [
                .. figures.OrderBy(lane => lane.Row.Name, StringComparer.Ordinal).Select(lane => new LiveLane(
                    lane.Row.Name, lane.Ready, Capped(scheduled.GetValueOrDefault(lane.Row.Name)?.Later ?? 0, isMore), lane.Running,
                    lane.Slots, lane.OldestReady,
                    lane.IsPaused && lane.Row.PausedSince is { } since
                        ? new LanePause(since, lane.Row.PausedBy?.Name, lane.Row.PauseReason)
                        : null)),
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
            .Select(w => new
            {
                w.Id,
                w.Name,
                w.State,
                w.Lanes,
                w.StartedAt,
                w.HeartbeatAt,
                w.LeaseUntil,
                w.DrainSince,
                w.Program,
                w.Version,
            }).ToListAsync(ct);
        return
        [
            .. rows.Select(w => new LiveWorker(
                w.Id, w.Name, w.State, WorkerRow.ReadLanes(w.Lanes), w.StartedAt, w.HeartbeatAt,
                w.LeaseUntil, w.DrainSince, w.Program, w.Version)),
        ];
    }

    /// <summary>The owner of a lease without the part that only tells two leaders of one process apart.</summary>
    private static string MachineOf(string owner) => owner.LastIndexOf('/') is > 0 and var end ? owner[..end] : owner;
}
