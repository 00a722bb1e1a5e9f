using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Statistics;

/// <summary>What a worker did in the last ten minutes.</summary>
/// <param name="From">The start of the ten minutes.</param>
/// <param name="Until">Their end: now.</param>
/// <param name="Samples">By lane and time. A time without a sample is a gap: the worker wrote nothing.</param>
/// <param name="Ended">Attempts that ended and took at least <see cref="Bars.Shortest"/>, the last ended first.</param>
/// <param name="LeftOut">Number of such attempts that are not there, because there are too many.</param>
/// <param name="Running">Attempts that are running, the first started first.</param>
public sealed record WorkerActivity(
    DateTimeOffset From, DateTimeOffset Until, IReadOnlyList<WorkerSample> Samples, IReadOnlyList<LaneBar> Ended, int LeftOut,
    IReadOnlyList<LaneBar> Running);

/// <summary>An attempt and its lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Bar">The attempt; of a running one, the outcome says nothing.</param>
public readonly record struct LaneBar(string Lane, Bar Bar);

/// <summary>What happened lately.</summary>
/// <param name="Length">The length of the window.</param>
/// <param name="Counts">Number of ends in the window.</param>
public readonly record struct RecentEnds(TimeSpan Length, EndCounts Counts);

/// <summary>Numbers of ends.</summary>
public readonly record struct EndCounts(long Succeeded, long Retried, long Failed, long Canceled, long Released)
{
    public static EndCounts operator +(EndCounts a, EndCounts b) => new(
        a.Succeeded + b.Succeeded, a.Retried + b.Retried, a.Failed + b.Failed, a.Canceled + b.Canceled, a.Released + b.Released);
}

/// <summary>The rate of now in a lane, or in all.</summary>
/// <param name="Lane">The lane; empty for all.</param>
/// <param name="Last10">The latest sample of each worker: about ten seconds.</param>
/// <param name="Last60">The samples of the last minute.</param>
/// <param name="Busy">Mean number of slots that are used, in the latest samples.</param>
/// <param name="Slots">Number of slots that there are.</param>
public sealed record RatesOfNow(string Lane, RecentEnds Last10, RecentEnds Last60, double Busy, double Slots);

/// <summary>Reads the samples that workers write every ten seconds.</summary>
public sealed class GetWorkerSamples(IStorage storage, TimeProvider time)
{
    /// <summary>How far back an answer reaches.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>A worker whose latest sample is older is not counted: samples come every ten seconds.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    /// <summary>Maximum number of attempts in an answer.</summary>
    public const int MaxBars = 5000;

    private const int MaxRows = 100_000;

    /// <summary>The activity of one worker; null if there is no such worker.</summary>
    public async Task<WorkerActivity?> FindAsync(WorkerId worker, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var from = now - Window;
        await using var db = storage.Read();
        if (!await db.Workers.AnyAsync(w => w.Id == worker, ct))
            return null;
        var samples = await db.WorkerSamples.AsNoTracking().Where(s => s.WorkerId == worker && s.At >= from)
            .OrderBy(s => s.Lane).ThenBy(s => s.At).Take(MaxRows).ToListAsync(ct);
        var running = await db.Running.AsNoTracking().Where(r => r.WorkerId == worker).OrderBy(r => r.StartedAt).Take(MaxBars)
            .Select(r => new { r.Id, r.Job, r.Lane, r.Attempt, r.StartedAt }).ToListAsync(ct);
        var ended = samples.SelectMany(BarsOf).OrderByDescending(b => b.Bar.StartedAt + b.Bar.Took).ToList();
        return new WorkerActivity(
            from, now, samples, [.. ended.Take(MaxBars)], samples.Sum(s => s.BarsLeftOut) + Math.Max(0, ended.Count - MaxBars),
            [
                .. running.Select(r => new LaneBar(
                    r.Lane, new Bar(r.Id, r.Job, r.Attempt, RollupOutcome.Released, r.StartedAt ?? now, now - (r.StartedAt ?? now)))),
            ]);
    }

    /// <summary>The samples of several workers in the last ten minutes, without their attempts, by worker, lane and time.</summary>
    public async Task<IReadOnlyList<WorkerSample>> ListAsync(IReadOnlyList<WorkerId> workers, CancellationToken ct)
    {
        var from = time.GetUtcNow() - Window;
        await using var db = storage.Read();
        return await db.WorkerSamples.AsNoTracking().Where(s => workers.Contains(s.WorkerId) && s.At >= from)
            .OrderBy(s => s.WorkerId).ThenBy(s => s.Lane).ThenBy(s => s.At)
            .Select(s => new WorkerSample
            {
                WorkerId = s.WorkerId,
                Lane = s.Lane,
                At = s.At,
                Length = s.Length,
                Busy = s.Busy,
                Slots = s.Slots,
                Succeeded = s.Succeeded,
                Retried = s.Retried,
                Failed = s.Failed,
                Canceled = s.Canceled,
                Released = s.Released,
            }).Take(MaxRows).ToListAsync(ct);
    }

    /// <summary>The rates of now: the first for all lanes together, then one for each lane.</summary>
    public async Task<IReadOnlyList<RatesOfNow>> ReadRatesAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var from = now - TimeSpan.FromSeconds(90);
        await using var db = storage.Read();
        var samples = await db.WorkerSamples.AsNoTracking().Where(s => s.At >= from && s.At <= now).OrderBy(s => s.At)
            .Select(s => new Sample(
                s.WorkerId, s.Lane, s.At, s.Length, s.Busy, s.Slots,
                new EndCounts(s.Succeeded, s.Retried, s.Failed, s.Canceled, s.Released)))
            .Take(MaxRows).ToListAsync(ct);
        var lanes = samples.GroupBy(s => s.Lane, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);
        return [RatesOf("", samples, now), .. lanes.Select(lane => RatesOf(lane.Key, lane, now))];
    }

    private static RatesOfNow RatesOf(string lane, IEnumerable<Sample> samples, DateTimeOffset now)
    {
        // Workers do not write at the same time: the latest sample of each is its last ten seconds, the latest six its last minute.
        var workers = samples.GroupBy(s => (s.Worker, s.Lane)).Select(g => g.OrderByDescending(s => s.At).ToList())
            .Where(g => g[0].End + Fresh >= now).ToList();
        var latest = workers.ConvertAll(g => g[0]);
        var minute = workers.ConvertAll(g => g.TakeWhile(s => s.At >= g[0].End - TimeSpan.FromSeconds(61)).ToList());
        return new RatesOfNow(
            lane,
            new RecentEnds(Longest(latest.Select(s => s.Length)), Sum(latest)),
            new RecentEnds(Longest(minute.Select(m => m.Sum(s => s.Length))), Sum(minute.SelectMany(m => m))),
            latest.Sum(s => s.Length > 0 ? (double)s.Busy / s.Length : 0),
            latest.Sum(s => s.Length > 0 ? (double)s.Slots / s.Length : 0));
    }

    /// <summary>The attempts of a sample; none if a newer program has written them.</summary>
    private static IEnumerable<LaneBar> BarsOf(WorkerSample sample)
    {
        try
        {
            return Bars.Decode(sample.Bars, sample.At).Select(b => new LaneBar(sample.Lane, b));
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private static TimeSpan Longest(IEnumerable<long> microseconds) =>
        TimeSpan.FromMicroseconds(microseconds.DefaultIfEmpty(0).Max());

    private static EndCounts Sum(IEnumerable<Sample> samples) => samples.Aggregate(default(EndCounts), (sum, s) => sum + s.Counts);

    private sealed record Sample(WorkerId Worker, string Lane, DateTimeOffset At, long Length, long Busy, long Slots, EndCounts Counts)
    {
        public DateTimeOffset End => At + TimeSpan.FromMicroseconds(Length);
    }
}
