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
/// a nudge counts as lost after <see cref="UnknownGrace"/>: a second nudge is harmless, waiting forever is not.</remarks>
public sealed partial class Reconcile(
    IStorage storage, INudgeSender nudges, ILaneGauge gauge, ITransport transport, TimeProvider time, ILogger<Reconcile> logger)
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

    /// <summary>Lanes that read from the database at the same time.</summary>
    private const int MaxReads = 4;

    private readonly Setbacks _setbacks = new("reconcile", "lane", e => transport.IsOutage(e) || storage.IsOutage(e), time, logger);
    private readonly SemaphoreSlim _reads = new(MaxReads);

    /// <summary>Lane → run → when it was nudged again. Only one pass at a time looks at a lane.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<RunId, DateTimeOffset>> _nudged = new(StringComparer.Ordinal);

    /// <returns>How many runs were nudged again.</returns>
    /// <exception cref="Exception">The broker or the database is away.</exception>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        List<string> lanes;
        Dictionary<string, DateTimeOffset> progress;
        await using (var db = storage.Read())
        {
            lanes = await db.Lanes.AsNoTracking().Select(l => l.Name).ToListAsync(ct);
            progress = await ReadProgressAsync(db, ct);
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

    private async Task<int> ReconcileLaneAsync(string lane, DateTimeOffset overtakenBefore, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var count = await gauge.CountWaitingAsync(lane, ct);
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

        // Runs that were nudged recently are read too and then skipped, so that they do not take the place of others.
        var all = await ReadWaitingAsync(lane, before, BatchSize + nudged.Count, ct);
        RunId[] waiting = [.. all.Where(id => !nudged.ContainsKey(id)).Take(BatchSize)];
        if (waiting.Length == 0 || (count is null && all.Any(nudged.ContainsKey)))
            return 0;
        await NudgePublisher.SendAllAsync(nudges, lane, waiting, ct);
        foreach (var id in waiting)
            nudged[id] = now;
        LogNudged(
            waiting.Length, lane,
            count switch { 0 => "its queue was empty", null => "how much waits in its queue is not known", _ => "they were overtaken" });
        return waiting.Length;
    }

    private async Task<IReadOnlyList<RunId>> ReadWaitingAsync(string lane, DateTimeOffset dueBefore, int limit, CancellationToken ct)
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
