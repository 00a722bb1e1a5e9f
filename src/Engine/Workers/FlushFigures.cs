using Fleet.Core.Loops;
using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Workers;

/// <summary>Writes what this worker has counted, every ten seconds and when it stops: ends and slot time by minute, and a sample of each
/// lane.</summary>
/// <remarks>All rows are the worker's own, so workers do not wait for each other. While the database is away, figures wait in
/// memory.</remarks>
public sealed partial class FlushFigures(
    RecordEnds ends, IStorage storage, WorkerIdentity identity, TimeProvider time, ILogger<FlushFigures> logger)
    : BackgroundLoop("flush-figures", time, logger)
{
    /// <summary>How often figures are written: the most that a killed process loses.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>Maximum number of flushes that wait for the database: an hour.</summary>
    public const int MaxWaiting = 360;

    private readonly Lock _lock = new();
    private readonly List<(string Lane, SlotPool Slots)> _lanes = [];
    private readonly Queue<Flush> _waiting = [];
    private DateTimeOffset _begunAt = ends.Now;
    private long _begun = time.GetTimestamp();

    /// <summary>Samples the slots of a lane from now on.</summary>
    public void Watch(string lane, SlotPool slots)
    {
        lock (_lock)
            _lanes.Add((lane, slots));
    }

    /// <summary>Writes what there is. One caller at a time: the loop, and when it has ended, the stop of the worker.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        Collect();
        while (_waiting.TryPeek(out var flush))
        {
            await WriteAsync(flush, ct);
            _waiting.Dequeue();
        }
    }

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        var passed = Time.GetElapsedTime(_begun);
        if (passed < Every)
            return Every - passed;
        await FlushAsync(ct);
        return Every - Time.GetElapsedTime(_begun);
    }

    /// <summary>Takes what was counted since the last time.</summary>
    private void Collect()
    {
        var (at, passed) = (_begunAt, Time.GetElapsedTime(_begun));
        (_begunAt, _begun) = (ends.Now, Time.GetTimestamp());
        var taken = ends.Take();
        if (taken.Folded > 0)
            LogFolded(taken.Folded, RecordEnds.MaxSeries, RecordEnds.Other);
        (string Lane, SlotPool Slots)[] lanes;
        lock (_lock)
            lanes = [.. _lanes];
        var rollups = taken.Rollups.ToList();
        var samples = new List<WorkerSample>(lanes.Length);
        foreach (var (lane, slots) in lanes)
        {
            var (used, had) = slots.Use();
            samples.Add(Sample(lane, at, passed, used, had, taken.Lanes.GetValueOrDefault(lane)));
            rollups.AddRange(SlotRows(lane, at, passed, used, had));
        }

        if (rollups.Count == 0 && samples.Count == 0)
            return;
        if (_waiting.Count >= MaxWaiting)
        {
            var dropped = _waiting.Dequeue();
            LogDropped(dropped.Rollups.Count, dropped.At);
        }

        _waiting.Enqueue(new Flush(identity.Id, at, rollups, samples));
    }

    private async Task WriteAsync(Flush flush, CancellationToken ct)
    {
        var mayBeWritten = flush.IsTried;
        flush.IsTried = true;
        try
        {
            await storage.WriteAsync(
                async session =>
                {
                    // The answer to the last try may have been lost, and not what it wrote.
                    if (mayBeWritten && flush.Samples.Count > 0 && await storage.Rollups.IsAddedAsync(session, flush.Worker, flush.At, ct))
                        return false;
                    await storage.Rollups.AddAsync(session, flush.Rollups, flush.Samples, flush.At - PruneFigures.KeepSamples, ct);
                    return true;
                },
                ct);
        }
        catch (Exception e) when (storage.IsRefused(e))
        {
            LogRefused(flush.Rollups.Count, flush.At, e);
        }
    }

    private WorkerSample Sample(string lane, DateTimeOffset at, TimeSpan passed, TimeSpan used, TimeSpan had, Ends? counted) => new()
    {
        WorkerId = identity.Id,
        Lane = lane,
        At = at,
        Length = Microseconds(passed),
        Busy = Microseconds(used),
        Slots = Microseconds(had),
        Succeeded = counted?[RollupOutcome.Succeeded] ?? 0,
        Retried = counted?[RollupOutcome.Retried] ?? 0,
        Failed = counted?[RollupOutcome.Failed] ?? 0,
        Canceled = counted?[RollupOutcome.Canceled] ?? 0,
        Released = counted?[RollupOutcome.Released] ?? 0,
        Bars = Bars.Encode(counted?.Bars ?? [], at),
        BarsLeftOut = counted?.LeftOut ?? 0,
    };

    /// <summary>The slot time of a sample: one row, or two if a minute began meanwhile.</summary>
    private static IEnumerable<Rollup> SlotRows(string lane, DateTimeOffset at, TimeSpan passed, TimeSpan used, TimeSpan had)
    {
        var minute = Rollup.MinuteOf(at);
        var left = minute.AddMinutes(1) - at;
        var share = passed <= left || passed == TimeSpan.Zero ? 1 : left / passed;
        yield return Row(minute, used * share, had * share);
        if (share < 1)
            yield return Row(minute.AddMinutes(1), used * (1 - share), had * (1 - share));

        Rollup Row(DateTimeOffset start, TimeSpan busy, TimeSpan slots) => new()
        {
            At = start,
            Step = RollupStep.Written,
            Lane = lane,
            Outcome = RollupOutcome.Slots,
            Count = 1,
            Worked = Microseconds(busy),
            Slots = Microseconds(slots),
        };
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} end(s) of runs are counted as {Other}: more than {Max} different jobs, lanes and outcomes ended in a minute.")]
    private partial void LogFolded(long count, int max, string other);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Count} row(s) of figures from {At:O} were dropped, because too many wait for the database.")]
    private partial void LogDropped(int count, DateTimeOffset at);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "{Count} row(s) of figures from {At:O} were dropped, because the database refuses them.")]
    private partial void LogRefused(int count, DateTimeOffset at, Exception e);

    private sealed record Flush(WorkerId Worker, DateTimeOffset At, IReadOnlyList<Rollup> Rollups, IReadOnlyList<WorkerSample> Samples)
    {
        public bool IsTried { get; set; }
    }
}
