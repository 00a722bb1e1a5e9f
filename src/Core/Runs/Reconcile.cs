using System.Text.Json;
using Fleet.Core.Lanes;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>Finds pending runs whose nudge was lost (crash between commit and publish, queue purged, broker data gone,
/// process restarted) and publishes it again. No mark per run is written for this; two signs tell it: the lane's queue is
/// empty though due runs wait, or a run was overtaken by others that were due well after it.</summary>
public sealed partial class Reconcile(IStorage storage, ILaneTransport transport, TimeProvider time, ILogger<Reconcile> logger)
{
    /// <summary>Runs per lane and pass.</summary>
    public const int BatchSize = 4000;

    /// <summary>How long a due run may wait beside an empty queue: its nudge may be on its way.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How much later than a waiting run the claimed ones must have been due.</summary>
    public static readonly TimeSpan OvertakenBy = TimeSpan.FromSeconds(10);

    /// <summary>A run is nudged again at most this often: its nudge may be in the hands of a worker whose slots are all taken,
    /// which a broker does not count. Behind a queue that is not empty it also has to be overtaken anew: its nudge waits there.</summary>
    public static readonly TimeSpan Repeat = TimeSpan.FromSeconds(30);

    /// <summary>Lane → run → when it was nudged again.</summary>
    private readonly Dictionary<string, Dictionary<RunId, DateTimeOffset>> _nudged = new(StringComparer.Ordinal);

    /// <returns>How many runs were nudged again.</returns>
    public async Task<int> ExecuteAsync(CancellationToken ct)
    {
        await using var db = storage.Read();
        var now = time.GetUtcNow();
        var lanes = await db.Lanes.AsNoTracking().Select(l => l.Name).ToListAsync(ct);
        var progress = await ReadProgressAsync(db, ct);
        var total = 0;
        foreach (var lane in lanes)
        {
            var isEmpty = await transport.CountWaitingAsync(lane, ct) == 0;
            var overtakenBefore = progress.TryGetValue(lane, out var latest) ? latest - OvertakenBy : DateTimeOffset.MinValue;
            var before = isEmpty ? now - Grace : Earlier(now - Grace, overtakenBefore);
            if (before == DateTimeOffset.MinValue)
                continue;
            if (!_nudged.TryGetValue(lane, out var nudged))
                _nudged[lane] = nudged = [];
            var forgetBefore = isEmpty ? now - Repeat : Earlier(now - Repeat, overtakenBefore);
            foreach (var (id, at) in nudged)
            {
                if (at < forgetBefore)
                    nudged.Remove(id);
            }

            // Those nudged lately are read too and left out: they must not stand before the others.
            var all = await storage.ReadWaitingAsync(lane, before, BatchSize + nudged.Count, ct);
            RunId[] waiting = [.. all.Where(id => !nudged.ContainsKey(id)).Take(BatchSize)];
            if (waiting.Length == 0)
                continue;
            await NudgePublisher.SendAllAsync(transport, lane, waiting, ct);
            foreach (var id in waiting)
                nudged[id] = now;
            LogNudged(waiting.Length, lane, isEmpty ? "its queue was empty" : "they were overtaken");
            total += waiting.Length;
        }

        return total;
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
