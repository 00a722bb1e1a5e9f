using System.Collections.Concurrent;
using System.Text.Json;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>Finds pending runs whose nudge was lost (crash between commit and publish, queue purged, broker data gone, process restarted)
/// and publishes it again. Runs carry no mark for this. There are two signs: the queue of the lane is empty although due runs wait, or runs
/// that were due well after this one have been claimed.</summary>
/// <remarks>Lanes are checked in parallel, so a lane that does not answer delays only its own runs. If the length of the queue is unknown,
/// a nudge counts as lost after <see cref="UnknownGrace"/>: a second nudge is harmless, waiting forever is not. If the transport ends with
/// the process, all nudges are gone at a start: then no sign is awaited (<see cref="StartOver"/>).</remarks>
public sealed partial class Reconcile(
    IStorage storage, INudgeSender nudges, IBelt belt, ILaneGauge gauge, ITransport transport, TimeProvider time,
    ILogger<Reconcile> logger)
    : IAsyncDisposable
{
    /// <summary>Runs per lane and pass.</summary>
    public const int BatchSize = 4000;

    /// <summary>How long a due run may wait while the queue is empty. Its nudge may still be on the way.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a due run may wait while the length of the queue is unknown.</summary>
    public static readonly TimeSpan UnknownGrace = TimeSpan.FromMinutes(1);

    /// <summary>How much later than a waiting run the claimed ones must have been due.</summary>
    public static readonly TimeSpan OvertakenBy = TimeSpan.FromSeconds(10);

    /// <summary>A run is nudged again at most this often. A full worker may have its nudge, and the broker does not count such messages. If
    /// the queue is not empty, the run must also be overtaken again, because its nudge may wait there.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(30);

    /// <summary>The same while the length of the queue is unknown. A run is nudged sooner only if all runs of the last pass have been
    /// claimed, which shows that the queue is short.</summary>
    public static readonly TimeSpan UnknownRepeat = TimeSpan.FromMinutes(5);

    /// <summary>A lane whose nudges were lost with the process gets no further batch while this many nudges wait there.</summary>
    private const int MaxNudges = BatchSize / NudgePublisher.MaxIds;

    /// <summary>Longer than the longest look-ahead: no staged run is due later.</summary>
    private static readonly TimeSpan StagedAhead = TimeSpan.FromDays(1);

    /// <summary>Lanes that read from the database at the same time.</summary>
    private const int MaxReads = 4;

    private readonly Setbacks _setbacks = new("reconcile", "lane", e => transport.IsOutage(e) || storage.IsOutage(e), time, logger);
    private readonly SemaphoreSlim _reads = new(MaxReads);

    /// <summary>Lane → run → when it was nudged again. Only one pass at a time looks at a lane.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<RunId, DateTimeOffset>> _nudged = new(StringComparer.Ordinal);

    /// <summary>Lanes whose runs are not all nudged again since <see cref="StartOver"/>. The value is not used.</summary>
    private readonly ConcurrentDictionary<string, bool> _startingOver = new(StringComparer.Ordinal);

    // As of the last pass.
    private HashSet<string> _paused = [];

    private volatile bool _startsOver;

    /// <summary>True while lanes wait for a further batch after <see cref="StartOver"/>.</summary>
    public bool IsStartingOver => _startsOver || !_startingOver.IsEmpty;

    /// <summary>Must be called when this process begins to lead. If the transport ends with a process, the nudges of all staged runs may
    /// have ended with another one. The next passes publish them again: to the lanes, and to the belt if they are not due yet.</summary>
    public void StartOver() => _startsOver = !transport.ReachesOtherProcesses;

    /// <returns>How many runs were nudged again.</returns>
    /// <exception cref="Exception">The broker or the database is away.</exception>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        List<string> lanes;
        Dictionary<string, DateTimeOffset> progress;
        await using (var db = storage.Read())
        {
            var now = time.GetUtcNow();
            var rows = await db.Lanes.AsNoTracking().ToListAsync(ct);
            NotePaused(rows.Where(lane => lane.IsPaused(now)).Select(lane => lane.Name).ToHashSet(StringComparer.Ordinal));
            lanes = [.. rows.Select(lane => lane.Name).Where(lane => !_paused.Contains(lane))];
            progress = await ReadProgressAsync(db, ct);
        }

        if (_startsOver)
        {
            foreach (var lane in lanes)
                _startingOver[lane] = true;
            _startsOver = false;
        }

        var total = 0;
        await _setbacks.TryEachAsync(
            lanes,
            async lane => Interlocked.Add(
                ref total, await ReconcileLaneAsync(
                    lane, progress.TryGetValue(lane, out var latest) ? latest - OvertakenBy : DateTimeOffset.MinValue, ct)),
            _ => Task.CompletedTask,
            ct);
        return total;
    }

    public async ValueTask DisposeAsync()
    {
        await _setbacks.DisposeAsync();
        _reads.Dispose();
    }

    /// <summary>Runs of a paused lane wait on purpose. When it is resumed, they may be nudged at once; where nudges end with their
    /// listener, all of them were lost.</summary>
    private void NotePaused(HashSet<string> paused)
    {
        foreach (var lane in paused)
            _nudged.TryRemove(lane, out _);
        foreach (var resumed in _paused.Except(paused).Where(_ => !transport.ReachesOtherProcesses))
            _startingOver[resumed] = true;
        _paused = paused;
    }

    private async Task<int> ReconcileLaneAsync(string lane, DateTimeOffset overtakenBefore, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var count = await gauge.CountWaitingAsync(lane, ct);
        if (_startingOver.ContainsKey(lane) && await StartOverAsync(lane, now, count, ct) is { } startedOver)
            return startedOver;
        var (before, forgetBefore) = count switch
        {
            0 => (now - Grace, now - Repeat),
            null => (now - UnknownGrace, now - UnknownRepeat),
            _ => (Earlier(now - Grace, overtakenBefore), Earlier(now - Repeat, overtakenBefore)),
        };
        if (before == DateTimeOffset.MinValue)
            return 0;
        var nudged = _nudged.GetOrAdd(lane, _ => []);
        foreach (var (id, at) in nudged)
        {
            if (at < forgetBefore)
                nudged.Remove(id);
        }

        var all = await ReadWaitingAsync(lane, before, BatchSize + nudged.Count, ct);
        RunId[] waiting = [.. NotNudged(all, nudged).Select(r => r.Id)];
        if (waiting.Length == 0 || (count is null && all.Any(r => nudged.ContainsKey(r.Id))))
            return 0;
        await NudgePublisher.SendAllAsync(nudges, lane, waiting, ct);
        foreach (var id in waiting)
            nudged[id] = now;
        LogNudged(
            waiting.Length, lane,
            count switch { 0 => "its queue was empty", null => "how much waits in its queue is not known", _ => "they were overtaken" });
        return waiting.Length;
    }

    /// <summary>Publishes the next batch of a lane whose nudges were lost with the process.</summary>
    /// <returns>How many runs; null if the lane is left to the signs.</returns>
    private async Task<int?> StartOverAsync(string lane, DateTimeOffset now, long? count, CancellationToken ct)
    {
        // Nobody in this process listens to such a lane.
        if (count is null or long.MaxValue)
        {
            _startingOver.TryRemove(lane, out _);
            return null;
        }

        if (count >= MaxNudges)
            return 0;
        var nudged = _nudged.GetOrAdd(lane, _ => []);
        var lost = NotNudged(await ReadWaitingAsync(lane, now + StagedAhead, BatchSize + nudged.Count, ct), nudged);
        await NudgePublisher.SendAllAsync(nudges, lane, [.. lost.Where(r => r.DueAt <= now).Select(r => r.Id)], ct);
        belt.HoldReady([.. lost.Where(r => r.DueAt > now).Select(r => new DelayedNudge(lane, r.Id, r.DueAt))]);
        foreach (var run in lost)
            nudged[run.Id] = now;
        if (lost.Count < BatchSize)
            _startingOver.TryRemove(lane, out _);
        return lost.Count;
    }

    /// <summary>The next batch. Runs that were nudged recently are read too and left out here, so that they do not take the place of
    /// others.</summary>
    private static List<WaitingRun> NotNudged(IReadOnlyList<WaitingRun> runs, Dictionary<RunId, DateTimeOffset> nudged) =>
        [.. runs.Where(r => !nudged.ContainsKey(r.Id)).Take(BatchSize)];

    private async Task<IReadOnlyList<WaitingRun>> ReadWaitingAsync(string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct)
    {
        await _reads.WaitAsync(ct);
        try
        {
            return await storage.ReadWaitingAsync(lane, dueBefore, limit, ct);
        }
        finally
        {
            _reads.Release();
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>Per lane, the latest due time that any living worker has claimed.</summary>
    private static async Task<Dictionary<string, DateTimeOffset>> ReadProgressAsync(FleetDbContext db, CancellationToken ct)
    {
        var progress = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var rows = await db.Workers.AsNoTracking().Where(w => w.State != WorkerState.Gone).Select(w => w.ClaimedThrough).ToListAsync(ct);
        foreach (var row in rows)
        {
            foreach (var (lane, ms) in JsonSerializer.Deserialize<Dictionary<string, long>>(row)!)
            {
                var due = DateTimeOffset.FromUnixTimeMilliseconds(ms);
                if (!progress.TryGetValue(lane, out var known) || known < due)
                    progress[lane] = due;
            }
        }

        return progress;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Nudged {Count} waiting run(s) of lane {Lane} again: {Reason}.")]
    private partial void LogNudged(int count, string lane, string reason);
}
