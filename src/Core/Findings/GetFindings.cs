using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Live;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Findings;

/// <summary>Reads the evidence for <see cref="TellFindings"/>: a bounded number of rows of each kind, however many there are.</summary>
public sealed class GetFindings(
    IStorage storage, ReadLiveFigures readFigures, JobCatalog catalog, ILaneGauge gauge, LeftOverSchedules leftOvers, TimeProvider time)
{
    private const int MaxRows = CappedCount.Limit + 1;
    private const int MaxListed = 20;
    private const int MaxFailures = 500;
    private const int MaxWorkers = 200;
    private const int MaxMissed = 200;

    /// <summary>The groups of schedules by job are read again after this time: there may be many schedules.</summary>
    private static readonly TimeSpan SchedulesFor = TimeSpan.FromSeconds(30);

    /// <summary>Ends of runs are counted again after this time: they may be many rows.</summary>
    private static readonly TimeSpan EndsFor = TimeSpan.FromSeconds(30);

    /// <summary>Maximum number of rows of figures that are counted for each of the two hours.</summary>
    private const int MaxRollups = 50_000;

    // The index has the step before the time.
    private static readonly RollupStep[] Steps = Enum.GetValues<RollupStep>();

    private static readonly TimeSpan MissedFor = TimeSpan.FromDays(1);

    private static readonly TimeSpan FailingFor = TimeSpan.FromHours(1);

    private (long ReadAt, IReadOnlyList<(string Job, int Schedules, string First)> Jobs)? _schedules;

    private readonly Lock _lock = new();
    private Dictionary<(string Code, string Subject), DateTimeOffset> _seen = [];
    // One reference: several passes may read and replace it at once.
    private Ends? _ends;

    /// <summary>The findings now, the worst first.</summary>
    /// <param name="figures">Figures of this moment; null: they are read.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<IReadOnlyList<Finding>> ExecuteAsync(LiveFigures? figures, CancellationToken ct)
    {
        var evidence = await ReadAsync(figures ?? await readFigures.ExecuteAsync(ct), ct);
        return SinceSeen(TellFindings.Execute(evidence), evidence.Now);
    }

    /// <summary>Where no row says since when something is wrong, it is since this process has seen it without a gap.</summary>
    private IReadOnlyList<Finding> SinceSeen(IReadOnlyList<Finding> findings, DateTimeOffset now)
    {
        lock (_lock)
        {
            var seen = new Dictionary<(string Code, string Subject), DateTimeOffset>();
            foreach (var finding in findings.Where(f => f.Since is null))
                seen[(finding.Code, finding.Subject)] = _seen.GetValueOrDefault((finding.Code, finding.Subject), now);
            _seen = seen;
            return [.. findings.Select(f => f.Since is null ? f with { Since = seen[(f.Code, f.Subject)] } : f)];
        }
    }

    private async Task<FindingEvidence> ReadAsync(LiveFigures figures, CancellationToken ct)
    {
        var asked = time.GetUtcNow();
        var clock = await storage.ReadClockAsync(ct);
        var now = time.GetUtcNow();
        await using var db = storage.Read();
        var lease = await LeaderLease.FindAsync(db, ct);
        var (ended, before) = await ReadEndsAsync(db, now, ct);
        return new FindingEvidence
        {
            Now = now,
            Figures = figures,
            // Half of what the call took is the best guess for when the database looked at its clock.
            DatabaseAhead = clock - (asked + ((now - asked) / 2)),
            LastLeaderUntil = lease?.ExpiresAt > DateTimeOffset.UnixEpoch ? lease.ExpiresAt : null,
            LastServed = figures.Lanes.Any(l => l.Slots == 0 && l.OldestReadyAt is not null) ? await ReadLastServedAsync(db, ct) : Nobody,
            Ready = await ReadReadyAsync(db, now, ct),
            Offered = await ReadOffersAsync(ct),
            Longest = await ReadLongestAsync(db, ct),
            Failing = await ReadFailingAsync(db, now, ended, before, ct),
            Ended = Sum(ended),
            EndedBefore = Sum(before),
            LeftOver = await ReadLeftOverAsync(db, ct),
            Unplanned = await ReadUnplannedAsync(db, now, ct),
            Missed = await ReadMissedAsync(db, now, ct),
            UnknownJobs = await ReadUnknownJobsAsync(db, ct),
            Outbox = await ReadOutboxAsync(db, ct),
            Parked = await gauge.CountParkedAsync(ct),
        };
    }

    private static Dictionary<string, DateTimeOffset> Nobody => [];

    private static async Task<Dictionary<string, DateTimeOffset>> ReadLastServedAsync(FleetDbContext db, CancellationToken ct)
    {
        // A worker that drained has no lanes any more; those that it has claimed from are still known.
        var gone = await db.Workers.AsNoTracking().Where(w => w.State == WorkerState.Gone).OrderByDescending(w => w.HeartbeatAt)
            .Take(MaxWorkers).Select(w => new { w.Lanes, w.ClaimedThrough, w.HeartbeatAt }).ToListAsync(ct);
        var served = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var worker in gone)
        {
            foreach (var lane in WorkerRow.ServedLanes(worker.Lanes, worker.ClaimedThrough))
                served.TryAdd(lane, worker.HeartbeatAt);
        }

        return served;
    }

    private static async Task<IReadOnlyList<ReadyRuns>> ReadReadyAsync(FleetDbContext db, DateTimeOffset now, CancellationToken ct)
    {
        var groups = await db.Pending.Take(MaxRows).Where(r => r.DueAt <= now).GroupBy(r => new { r.Lane, r.Job })
            .Select(g => new { g.Key.Lane, g.Key.Job, Count = g.Count(), Oldest = g.Min(r => r.DueAt) }).ToListAsync(ct);
        var isMore = groups.Sum(g => g.Count) > CappedCount.Limit;
        return [.. groups.Select(g => new ReadyRuns(g.Lane, g.Job, new CappedCount(g.Count, isMore), g.Oldest))];
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlySet<string>>> ReadOffersAsync(CancellationToken ct)
    {
        var offered = new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);
        foreach (var offer in await catalog.FindOffersAsync(TimeSpan.FromSeconds(1), ct))
        {
            foreach (var lane in offer.Lanes)
            {
                var jobs = offered.TryGetValue(lane, out var known) ? (HashSet<string>)known : new HashSet<string>(StringComparer.Ordinal);
                jobs.UnionWith(offer.Versions.Keys);
                offered[lane] = jobs;
            }
        }

        return offered;
    }

    private async Task<IReadOnlyList<LongRun>> ReadLongestAsync(FleetDbContext db, CancellationToken ct)
    {
        var runs = await db.Running.Take(MaxRows).Where(r => r.StartedAt != null).OrderBy(r => r.StartedAt).Take(MaxListed)
            .Select(r => new { r.Id, r.Job, r.StartedAt }).ToListAsync(ct);
        var longest = new List<LongRun>(runs.Count);
        foreach (var run in runs)
            longest.Add(new LongRun(run.Id, run.Job, run.StartedAt!.Value, (await catalog.FindAsync(run.Job, ct))?.Timeout));
        return longest;
    }

    private static async Task<IReadOnlyList<FailingJob>> ReadFailingAsync(
        FleetDbContext db, DateTimeOffset now, Dictionary<string, EndedRuns>? ended, Dictionary<string, EndedRuns>? before,
        CancellationToken ct)
    {
        var since = now - FailingFor;
        var runs = await db.FailedOrCanceled(now + TimeSpan.FromDays(1)).Reverse().Take(MaxFailures)
            .Where(r => r.State == RunState.Failed && r.FinishedAt >= since).Select(r => new { r.Job, r.FinishedAt, r.Error })
            .ToListAsync(ct);
        return
        [
            .. runs.GroupBy(r => r.Job, StringComparer.Ordinal).Select(g => new FailingJob(
                g.Key, Count(g.Key, g.Count()), g.Min(r => r.FinishedAt)!.Value, g.MaxBy(r => r.FinishedAt)!.Error)
            {
                Ended = Find(ended, g.Key),
                EndedBefore = Find(before, g.Key),
            }),
        ];

        CappedCount Count(string job, int found)
        {
            if (runs.Count < MaxFailures)
                return new CappedCount(found);
            // Some were not read. Workers have counted all that failed, also those that somebody has replayed.
            return Find(ended, job)?.Failed is { } counted && counted >= found
                ? new CappedCount((int)Math.Min(int.MaxValue, counted))
                : new CappedCount(found, IsAtLeast: true);
        }

        // A job without figures in an hour that has some did not end in it.
        static EndedRuns? Find(Dictionary<string, EndedRuns>? ends, string job) => ends?.GetValueOrDefault(job);
    }

    /// <summary>How many runs of each job ended in the last hour, and in the same hour of the day before; null when nobody wrote figures
    /// then.</summary>
    private async Task<(Dictionary<string, EndedRuns>? Now, Dictionary<string, EndedRuns>? Before)> ReadEndsAsync(
        FleetDbContext db, DateTimeOffset now, CancellationToken ct)
    {
        if (_ends is not { } read || time.GetElapsedTime(read.ReadAt) >= EndsFor)
        {
            var (ended, before) = (await ReadAsync(now), await ReadAsync(now.AddDays(-1)));
            _ends = read = new Ends(time.GetTimestamp(), ended, before);
        }

        return (read.Now, read.Before);

        async Task<Dictionary<string, EndedRuns>?> ReadAsync(DateTimeOffset until)
        {
            var from = Rollup.MinuteOf(until - FailingFor);
            var rows = await db.Rollups.Where(r => Steps.Contains(r.Step) && r.At >= from && r.At < until)
                .Where(r => r.Outcome == RollupOutcome.Slots || r.Outcome == RollupOutcome.Succeeded || r.Outcome == RollupOutcome.Failed)
                .Take(MaxRollups).GroupBy(r => new { r.Job, r.Outcome })
                .Select(g => new { g.Key.Job, g.Key.Outcome, Count = g.Sum(r => r.Count) }).ToListAsync(ct);
            return rows.Count == 0
                ? null
                : rows.GroupBy(r => r.Job, StringComparer.Ordinal).ToDictionary(
                    g => g.Key,
                    g => new EndedRuns(
                        g.Where(r => r.Outcome == RollupOutcome.Succeeded).Sum(r => r.Count),
                        g.Where(r => r.Outcome == RollupOutcome.Failed).Sum(r => r.Count)),
                    StringComparer.Ordinal);
        }
    }

    private static EndedRuns? Sum(Dictionary<string, EndedRuns>? ends) =>
        ends is null ? null : new EndedRuns(ends.Values.Sum(e => e.Succeeded), ends.Values.Sum(e => e.Failed));

    /// <summary>Those that nobody has deleted, stopped or put again since.</summary>
    private async Task<IReadOnlyList<(LeftOverSchedule Schedule, DateTimeOffset NoticedAt)>> ReadLeftOverAsync(
        FleetDbContext db, CancellationToken ct)
    {
        var left = leftOvers.All.ToList();
        if (left.Count == 0)
            return [];
        var ids = left.ConvertAll(s => s.Id);
        var stored = await db.Schedules.AsNoTracking().Where(s => ids.Contains(s.Id) && s.Status != ScheduleStatus.Stopped)
            .Select(s => new { s.Id, s.Source, s.UpdatedAt }).ToListAsync(ct);
        return
        [
            .. left.Where(l => stored.Exists(s => s.Id == l.Id && s.Source == l.Source && s.UpdatedAt == l.PutAt)).Take(MaxListed)
                .Select(l => (l, leftOvers.NoticedAt)),
        ];
    }

    private static async Task<IReadOnlyList<(string Id, DateTimeOffset FireTime)>> ReadUnplannedAsync(
        FleetDbContext db, DateTimeOffset now, CancellationToken ct)
    {
        var late = await db.Schedules.AsNoTracking().Where(s => s.NextPlanAt != null && s.NextPlanAt <= now).OrderBy(s => s.NextPlanAt)
            .Take(MaxListed).Select(s => new { s.Id, s.NextPlanAt, s.Status }).ToListAsync(ct);
        return [.. late.Where(s => s.Status == ScheduleStatus.Running).Select(s => (s.Id, s.NextPlanAt!.Value))];
    }

    private static async Task<IReadOnlyList<MissedFireTimes>> ReadMissedAsync(FleetDbContext db, DateTimeOffset now, CancellationToken ct)
    {
        var since = now - MissedFor;
        var misfires = await db.Misfires.AsNoTracking().OrderByDescending(m => m.Id).Take(MaxMissed).Where(m => m.At >= since)
            .ToListAsync(ct);
        // Only the last one of each schedule.
        return
        [
            .. misfires.GroupBy(m => m.ScheduleId, StringComparer.Ordinal).Select(g => g.MaxBy(m => m.Id)!)
                .Select(m => new MissedFireTimes(m.ScheduleId, m.First, m.Last, m.Count, m.At)),
        ];
    }

    private async Task<IReadOnlyList<(string Job, int Schedules, string First)>> ReadUnknownJobsAsync(
        FleetDbContext db, CancellationToken ct)
    {
        if (_schedules is not { } read || time.GetElapsedTime(read.ReadAt) >= SchedulesFor)
        {
            var jobs = await db.Schedules.Where(s => s.Status == ScheduleStatus.Running).GroupBy(s => s.Job)
                .Select(g => new { g.Key, Count = g.Count(), First = g.Min(s => s.Id) }).ToListAsync(ct);
            _schedules = read = (time.GetTimestamp(), [.. jobs.Select(j => (j.Key, j.Count, j.First!))]);
        }

        var offers = await catalog.FindOffersAsync(TimeSpan.FromSeconds(1), ct);
        // While no worker runs, that is what there is to say.
        if (offers.Count == 0)
            return [];
        var offered = offers.SelectMany(o => o.Versions.Keys).ToHashSet(StringComparer.Ordinal);
        var unknown = new List<(string, int, string)>();
        foreach (var group in read.Jobs)
        {
            // A schedule may name a job by an alias.
            if (!offered.Contains((await catalog.FindAsync(group.Job, ct))?.Name ?? group.Job))
                unknown.Add(group);
        }

        return unknown;
    }

    private static async Task<OutboxLag?> ReadOutboxAsync(FleetDbContext db, CancellationToken ct)
    {
        var lag = await db.Outbox.Take(MaxRows).GroupBy(_ => 1)
            .Select(g => new { Count = g.Count(), Oldest = g.Min(m => m.CreatedAt), Failures = g.Max(m => m.Failures) })
            .FirstOrDefaultAsync(ct);
        return lag is null ? null : new OutboxLag(CappedCount.Of(lag.Count), lag.Oldest, lag.Failures);
    }

    private sealed record Ends(long ReadAt, Dictionary<string, EndedRuns>? Now, Dictionary<string, EndedRuns>? Before);
}
