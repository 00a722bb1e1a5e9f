using System.Globalization;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Schedules.Control;

/// <summary>Counts of a schedule's fire times in a range, by outcome.</summary>
public sealed record ScheduleFigures
{
    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset Until { get; init; }

    /// <summary>Fire times in the range, by the current definition.</summary>
    public required int Expected { get; init; }

    /// <summary>Fire times whose run has started.</summary>
    public required int Fired { get; init; }

    /// <summary>Fire times whose run was canceled before it started because an earlier run of the schedule had not ended.</summary>
    public required int Skipped { get; init; }

    /// <summary>Fire times whose run was canceled before it started for another reason.</summary>
    public required int Canceled { get; init; }

    /// <summary>Fire times whose run waits for a worker or for its turn.</summary>
    public required int Waiting { get; init; }

    /// <summary>Fire times without a run. Possible causes: the schedule was paused or stopped, it had another trigger, the misfire policy
    /// dropped them, their runs were pruned, or the scheduler has not planned them yet.</summary>
    public required int Missing { get; init; }

    /// <summary>The first missing fire time; null when there is none.</summary>
    public required IReadOnlyList<DateTimeOffset> FirstMissing { get; init; }

    /// <summary>Runs in the range whose fire time is not among the expected ones: an earlier definition planned them.</summary>
    public required int Unexpected { get; init; }

    /// <summary>Delay from fire time to start; null when no run has started.</summary>
    public LatenessFigures? Lateness { get; init; }
}

/// <summary>Delay from fire time to start, in seconds.</summary>
/// <param name="Median">The median.</param>
/// <param name="P99">The 99th percentile.</param>
/// <param name="Most">The maximum.</param>
/// <param name="Histogram">Number of runs per bucket: delayed by at most this bucket's bound and by more than the bound before. The last
/// bucket has no bound.</param>
public sealed record LatenessFigures(double Median, double P99, double Most, IReadOnlyList<LatenessBucket> Histogram);

/// <summary>One bucket of the histogram.</summary>
/// <param name="Within">Upper bound in seconds; null for the last bucket.</param>
/// <param name="Count">Number of runs in the bucket.</param>
public sealed record LatenessBucket(double? Within, int Count);

/// <summary>Compares the fire times that a schedule should have had with the runs that exist.</summary>
public sealed class GetScheduleFigures(IStorage storage, TimeProvider time)
{
    /// <summary>Maximum number of fire times in a range.</summary>
    public const int Most = 100_000;

    private const int MaxMissingShown = 10;

    private static readonly double?[] Bounds = [0.1, 0.5, 1, 5, 10, 60, 600, null];

    /// <param name="id">The schedule's id.</param>
    /// <param name="from">Fire times after this instant, and after the schedule was created. Null: one day before
    /// <paramref name="until"/>.</param>
    /// <param name="until">Fire times up to this instant. Null: now.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <returns>The figures; null when there is no such schedule.</returns>
    /// <exception cref="InvalidRunException">The range is refused.</exception>
    public async Task<ScheduleFigures?> ExecuteAsync(string id, DateTimeOffset? from, DateTimeOffset? until, CancellationToken ct)
    {
        await using var db = storage.Read();
        if (await db.Schedules.AsNoTracking().FirstOrDefaultAsync(s => s.Id == id, ct) is not { } schedule)
            return null;
        var end = (until ?? time.GetUtcNow()).ToUniversalTime();
        var start = (from ?? end.AddDays(-1)).ToUniversalTime();
        if (start >= end)
            throw new InvalidRunException(RunRules.Invalid("invalid_range", "from", Show(start), $"an instant before until ({Show(end)})"));
        var begin = start > schedule.CreatedAt ? start : schedule.CreatedAt;
        var expected = schedule.ParseTrigger().Between(begin, end).Take(Most + 1).Select(t => t.ToUniversalTime()).ToHashSet();
        if (expected.Count > Most)
            throw new InvalidRunException(RunRules.Invalid("range_too_long", "from", Show(start), $"a range of at most {Most} fire times"));
        var runs = await db.Runs.AsNoTracking().Where(r => r.ScheduleId == id && r.FireTime > begin && r.FireTime <= end && !r.Revoked)
            .Select(r => new Occurrence(r.FireTime!.Value, r.StartedAt, r.State, r.CancelCause)).Take(2 * Most).ToListAsync(ct);

        var missing = expected.Except(runs.Select(r => r.FireTime)).Order().ToList();
        var lateness = runs.Where(r => r.StartedAt is not null).Select(r => Math.Max(0, (r.StartedAt!.Value - r.FireTime).TotalSeconds))
            .Order().ToList();
        var notStarted = runs.Where(r => r.StartedAt is null).ToList();
        return new ScheduleFigures
        {
            From = begin,
            Until = end,
            Expected = expected.Count,
            Fired = lateness.Count,
            Skipped = notStarted.Count(r => r.IsSkipped),
            Canceled = notStarted.Count(r => r.State == RunState.Canceled && !r.IsSkipped),
            Waiting = notStarted.Count(r => r.State != RunState.Canceled),
            Missing = missing.Count,
            FirstMissing = [.. missing.Take(MaxMissingShown)],
            Unexpected = runs.Count(r => !expected.Contains(r.FireTime)),
            Lateness = lateness.Count == 0 ? null : Summarize(lateness),
        };
    }

    private static LatenessFigures Summarize(List<double> ordered)
    {
        var buckets = new int[Bounds.Length];
        foreach (var seconds in ordered)
            buckets[Array.FindIndex(Bounds, bound => bound is null || seconds <= bound)]++;
        return new LatenessFigures(
            ordered[(ordered.Count - 1) / 2], ordered[(int)Math.Ceiling(ordered.Count * 0.99) - 1], ordered[^1],
            [.. Bounds.Zip(buckets, (bound, count) => new LatenessBucket(bound, count))]);
    }

    private static string Show(DateTimeOffset at) => at.ToString("O", CultureInfo.InvariantCulture);

    private sealed record Occurrence(DateTimeOffset FireTime, DateTimeOffset? StartedAt, RunState State, CancelCause? Cause)
    {
        public bool IsSkipped => State == RunState.Canceled && Cause is (CancelCause.Overlap or CancelCause.Replaced);
    }
}
