using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Runs;

/// <summary>Publishes the nudges of delayed runs in the order of their due times: to the belt if they are due within the look-ahead, to the
/// lane if they are due now. A run is marked as staged after the broker has confirmed the nudge. After a crash in between, the nudge is
/// published twice, which is harmless.</summary>
/// <remarks>A lane that refuses nudges delays no other lane: while it is skipped, its runs are not read. If the belt does not work, this
/// process holds the nudges itself, for the last second before they are due.</remarks>
public sealed class StageRuns(
    IStorage storage, INudgeSender nudges, IBelt belt, ITransport transport, TimeProvider time, ILogger<StageRuns> logger)
    : IAsyncDisposable
{
    /// <summary>Runs per pass.</summary>
    public const int BatchSize = 1000;

    /// <summary>How far ahead nudges are held in this process while the belt is skipped. If the process dies, they are lost.</summary>
    public static readonly TimeSpan HeldAhead = TimeSpan.FromSeconds(1);

    /// <summary>The key of the belt among the lanes. Names of lanes cannot contain parentheses.</summary>
    public const string Belt = "(belt)";

    private readonly Setbacks _setbacks = new("stage", "lane", e => transport.IsOutage(e) || storage.IsOutage(e), time, logger);

    /// <param name="term">The leader's term.</param>
    /// <param name="lookAhead">How far ahead runs are put on the belt.</param>
    /// <param name="ct">Cancels the pass.</param>
    /// <returns>How many runs were staged, and whether there may be more.</returns>
    /// <exception cref="Exception">The broker or the database is away.</exception>
    public async Task<(int Staged, bool More)> ExecuteAsync(Term term, TimeSpan lookAhead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var leftOut = _setbacks.LeftOut;
        var isBeltLeftOut = leftOut.Contains(Belt);
        // If this process dies, the nudges that it holds are lost. So it holds them only while the belt is known to fail, and only briefly.
        var isHeld = isBeltLeftOut && _setbacks.IsKnown(Belt);
        var until = now + (!isBeltLeftOut ? lookAhead : !isHeld ? TimeSpan.Zero : HeldAhead < lookAhead ? HeldAhead : lookAhead);
        // Look without the leader's lock first. Taking the lock is a write, so an idle fleet would write to disk at every poll.
        var first = await storage.AutocommitAsync(session => storage.Statements.ReadUnstagedAsync(session, until, 1, leftOut, ct), ct);
        var runs = first.Count == 0
            ? first
            : await storage.WriteAsLeaderAsync(
                term, session => storage.Statements.ReadUnstagedAsync(session, until, BatchSize, leftOut, ct), ct);
        if (runs.Count == 0)
        {
            _setbacks.ThrowIfOutage();
            return (0, false);
        }

        var due = runs.Where(r => r.DueAt <= now).ToLookup(r => r.Lane, StringComparer.Ordinal);
        var later = runs.Where(r => r.DueAt > now).ToArray();
        var refused = new Dictionary<string, Exception>(StringComparer.Ordinal);
        // In parallel, so that a lane that does not answer does not delay the others.
        var done = await _setbacks.TryEachAsync(
            due.Select(lane => lane.Key).Concat(later.Length > 0 && !isBeltLeftOut ? [Belt] : []),
            key => key == Belt ? PutOnBeltAsync(
                term, later, refused, ct) : NudgePublisher.SendAllAsync(nudges, key, [.. due[key].Select(r => r.Id)], ct),
            key => MarkAsync(term, key == Belt ? Taken(later, refused) : [.. due[key]], ct),
            ct);
        List<StageableRun> staged = [.. done.Where(key => key != Belt).SelectMany(lane => due[lane])];
        if (done.Contains(Belt))
        {
            staged.AddRange(Taken(later, refused));
        }
        else if (isHeld)
        {
            belt.HoldReady([.. later.Select(Delayed)]);
            staged.AddRange(later);
        }

        if (staged.Count > 0)
            await MarkAsync(term, staged, ct);
        return (staged.Count, runs.Count == BatchSize);
    }

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    private static DelayedNudge Delayed(StageableRun run) => new(run.Lane, run.Id, run.DueAt);

    private static StageableRun[] Taken(StageableRun[] later, Dictionary<string, Exception> refused) =>
        [.. later.Where(r => !refused.ContainsKey(r.Lane))];

    private async Task PutOnBeltAsync(Term term, StageableRun[] later, Dictionary<string, Exception> refused, CancellationToken ct)
    {
        try
        {
            await belt.SendReadyAtAsync(term.Number, Array.ConvertAll(later, Delayed), ct);
        }
        catch (LanesRefusedException e)
        {
            foreach (var (lane, error) in e.Lanes)
            {
                refused.Add(lane, error);
                _setbacks.SetBack(lane, error);
            }
        }

        foreach (var lane in Taken(later, refused).Select(r => r.Lane).Distinct(StringComparer.Ordinal))
            _setbacks.Succeeded(lane);
    }

    private async Task MarkAsync(Term term, IReadOnlyList<StageableRun> runs, CancellationToken ct) => await storage.WriteAsLeaderAsync(
        term,
        async session =>
        {
            await storage.Statements.MarkStagedAsync(session, runs, ct);
            return true;
        },
        ct);
}
