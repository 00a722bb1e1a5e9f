using System.Collections.Concurrent;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Lanes;

/// <summary>The figures of lanes: the one source for the API, metrics and scaling. Each reads a fixed number of rows whatever waits, and is
/// measured at most once per <see cref="MaxAge"/> and process, whatever the number of callers. While the database is away, the last figures
/// are shown with their age, for <see cref="MaxStale"/>.</summary>
public sealed class LaneFigures(IStorage storage, DemandOptions options, TimeProvider time)
{
    /// <summary>A count up to this is exact; a larger one is "at least".</summary>
    public const int MaxCount = CappedCount.Limit;

    /// <summary>Maximum number of waiting runs that a measurement of all lanes counts.</summary>
    public const int MaxRows = 100_000;

    /// <summary>A figure that is younger than this is not measured again.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    /// <summary>Figures that are older than this are not shown.</summary>
    public static readonly TimeSpan MaxStale = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Measurement<LaneFigure?>> _lanes = new(StringComparer.Ordinal);
    private Measurement<IReadOnlyList<LaneFigure>>? _all;

    private Measurement<IReadOnlyList<LaneFigure>> All => _all
        ?? Interlocked.CompareExchange(ref _all, new(MeasureAllAsync, storage, time), null) ?? _all;

    /// <summary>The figures of all lanes, by name.</summary>
    /// <exception cref="Exception">The database has been away for longer than <see cref="MaxStale"/>.</exception>
    public Task<Measured<IReadOnlyList<LaneFigure>>> ListAsync(CancellationToken ct) => All.GetAsync(ct);

    /// <summary>Measures a lane again for the next caller: this process has changed it.</summary>
    public void Forget(string lane)
    {
        _lanes.TryRemove(lane, out _);
        _all = null;
    }

    /// <summary>The figures of a lane; null when there is no such lane.</summary>
    /// <exception cref="Exception">The database has been away for longer than <see cref="MaxStale"/>.</exception>
    public async Task<Measured<LaneFigure>?> FindAsync(string lane, CancellationToken ct)
    {
        var measurement = _lanes.GetOrAdd(
            lane, name => new Measurement<LaneFigure?>(stop => MeasureAsync(name, stop), storage, time));
        var measured = await measurement.GetAsync(ct);
        if (measured.Value is { } figure)
            return new Measured<LaneFigure>(figure, measured.Age);
        // Whoever asks for names at random must not fill the memory.
        _lanes.TryRemove(lane, out _);
        return null;
    }

    private async Task<LaneFigure?> MeasureAsync(string lane, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        if (await db.Lanes.AsNoTracking().FirstOrDefaultAsync(l => l.Name == lane, ct) is not { } row)
            return null;
        var workers = await ReadWorkersAsync(db, ct);
        var running = await CountRunningAsync(ct);
        return Figure(row, (await CountAsync([lane], now, MaxCount, ct))[0], running, workers, now);
    }

    private async Task<IReadOnlyList<LaneFigure>> MeasureAllAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        var rows = await db.Lanes.AsNoTracking().OrderBy(l => l.Name).ToListAsync(ct);
        var workers = await ReadWorkersAsync(db, ct);
        var running = await CountRunningAsync(ct);
        var counts = await CountAllAsync([.. rows.Select(r => r.Name)], now, ct);
        return [.. rows.Select((row, i) => Figure(row, counts[i], running, workers, now))];
    }

    /// <summary>Counts the same part of each lane first. What the lanes leave of <see cref="MaxRows"/>, those that have more get.</summary>
    private async Task<IReadOnlyList<LaneCount>> CountAllAsync(List<string> lanes, DateTimeOffset now, CancellationToken ct)
    {
        if (lanes.Count == 0)
            return [];
        var share = Math.Clamp(MaxRows / lanes.Count, 1, MaxCount);
        // Half of it, so that there is something left.
        var first = share < MaxCount ? Math.Max(1, share / 2) : share;
        var counts = (await CountAsync(lanes, now, first, ct)).ToArray();
        var open = Enumerable.Range(0, lanes.Count).Where(i => !counts[i].IsExact).ToList();
        if (open.Count == 0 || first == MaxCount)
            return counts;
        var left = MaxRows - counts.Sum(c => Math.Min(c.Rows, first));
        var again = await CountAsync([.. open.Select(i => lanes[i])], now, Math.Clamp(left / open.Count, first, MaxCount), ct);
        foreach (var (i, count) in open.Zip(again))
            counts[i] = count;
        return counts;
    }

    private Task<IReadOnlyList<LaneCount>> CountAsync(IReadOnlyList<string> lanes, DateTimeOffset now, int most, CancellationToken ct) =>
        storage.ReadAsync(
            session => storage.Lanes.CountWaitingAsync(session, lanes, now, now + options.PodStart, most, ct), ct);

    private Task<RunningCount> CountRunningAsync(CancellationToken ct) =>
        storage.ReadAsync(session => storage.Lanes.CountRunningAsync(session, MaxCount, ct), ct);

    private static async Task<IReadOnlyList<Served>> ReadWorkersAsync(FleetDbContext db, CancellationToken ct)
    {
        var rows = await db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).ToListAsync(ct);
        return [.. rows.Select(w => new Served(
            w.ReadLaneLoads(), w.State == WorkerState.Active ? w.ReadLanes() : null, IsDrained: w.DrainSince is not null))];
    }

    private static LaneFigure Figure(
        LaneRow row, LaneCount count, RunningCount running, IReadOnlyList<Served> workers, DateTimeOffset now)
    {
        var (slots, serving, busy, unconfirmed) = (0, 0, 0, 0);
        foreach (var worker in workers)
        {
            LaneLoad? load = worker.Loads.TryGetValue(row.Name, out var known) ? known : null;
            busy += load?.Busy ?? 0;
            if (worker.Lanes is null || !worker.Lanes.TryGetValue(row.Name, out var most))
                continue;
            // One that was asked to drain and has not heard of it may still claim.
            if (load is not { Quiet: true })
                unconfirmed++;
            if (worker.IsDrained)
                continue;
            serving++;
            slots += most;
        }

        var counted = running.ByLane.GetValueOrDefault(row.Name);
        return new LaneFigure(row)
        {
            Ready = new CappedCount(count.Ready, !count.IsReadyExact),
            Soon = new CappedCount(count.Soon, !count.IsExact),
            // Beyond the rows that are read, the workers know better.
            Running = running.Rows <= MaxCount ? new CappedCount(counted) : new CappedCount(Math.Max(counted, busy), IsAtLeast: true),
            OldestReady = count.Ready > 0 ? count.Oldest : null,
            IsPaused = row.IsPaused(now),
            Slots = slots,
            Workers = serving,
            UnconfirmedWorkers = row.IsPaused(now) ? unconfirmed : 0,
            MeasuredAt = now,
        };
    }

    /// <summary>What a worker serves, read once for all lanes.</summary>
    /// <param name="Loads">Lane → what it said about it last.</param>
    /// <param name="Lanes">Lane → slots; null unless it is active.</param>
    /// <param name="IsDrained">Whether it was asked to take no new runs.</param>
    private sealed record Served(IReadOnlyDictionary<string, LaneLoad> Loads, IReadOnlyDictionary<string, int>? Lanes, bool IsDrained);
}
