using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Holds nudges until their due time: the belt of a process without a broker. As a loop, a pass sends what is due
/// and pauses until the next is. A lane that takes no nudges waits alone; its nudges are put back.</summary>
public sealed class InMemoryBelt(
    TimeProvider time, Func<string, IReadOnlyCollection<RunId>, CancellationToken, Task> send, Predicate<Exception> isOutage,
    ILogger logger)
    : BackgroundLoop("belt", time, logger), IAsyncDisposable
{
    /// <summary>The most nudges that are put back while a lane takes none. Of more, Reconcile finds the runs.</summary>
    public const int MostPutBack = 100_000;

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly PriorityQueue<DelayedNudge, DateTimeOffset> _queue = new();
    private readonly Lock _lock = new();
    private readonly Setbacks _setbacks = new("belt", "lane", isOutage, time, logger);

    public void Add(IReadOnlyList<DelayedNudge> nudges)
    {
        bool isSooner;
        lock (_lock)
        {
            var before = _queue.TryPeek(out _, out var first) ? first : DateTimeOffset.MaxValue;
            foreach (var nudge in nudges)
                _queue.Enqueue(nudge, nudge.DueAt);
            isSooner = _queue.TryPeek(out _, out first) && first < before;
        }

        // The loop waits for the first of them already; a storm of retries adds thousands behind it.
        if (isSooner)
            Wake();
    }

    /// <summary>Sends what comes due soon before its time: the process ends, and whoever gets a nudge that is a little early keeps it. Best
    /// effort.</summary>
    /// <param name="within">What comes due later is left to Reconcile.</param>
    /// <param name="ct">Ends the sending.</param>
    public async Task HandOverAsync(TimeSpan within, CancellationToken ct)
    {
        List<DelayedNudge> left = [];
        lock (_lock)
        {
            var until = Time.GetUtcNow() + within;
            while (_queue.TryDequeue(out var nudge, out var at) && at <= until)
                left.Add(nudge);
            _queue.Clear();
        }

        await Task.WhenAll(left.GroupBy(n => n.Lane, StringComparer.Ordinal).Select(async lane =>
        {
            try
            {
                await send(lane.Key, [.. lane.Select(n => n.Id)], ct);
            }
            catch (Exception)
            {
                // The broker is away, or too slow: Reconcile finds the runs.
            }
        }));
    }

    public ValueTask DisposeAsync() => _setbacks.DisposeAsync();

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        List<DelayedNudge> due = [];
        lock (_lock)
        {
            var now = Time.GetUtcNow();
            while (_queue.TryPeek(out var nudge, out var at) && at <= now)
            {
                due.Add(nudge);
                _queue.Dequeue();
            }
        }

        if (due.Count > 0)
            await SendAsync(due, ct);
        return PauseUntilNext();
    }

    private async Task SendAsync(List<DelayedNudge> due, CancellationToken ct)
    {
        var lanes = due.ToLookup(n => n.Lane, StringComparer.Ordinal);
        foreach (var lane in lanes.Where(lane => _setbacks.IsLeftOut(lane.Key)))
            PutBack(lane);
        await _setbacks.TryEachAsync(lanes.Select(lane => lane.Key), TrySendAsync, _ => Task.CompletedTask, ct);

        async Task TrySendAsync(string lane)
        {
            try
            {
                await send(lane, [.. lanes[lane].Select(n => n.Id)], ct);
            }
            catch
            {
                PutBack(lanes[lane]);
                throw;
            }
        }
    }

    private void PutBack(IGrouping<string, DelayedNudge> lane) => PutBack(lane, _setbacks.PauseOf(lane.Key));

    private void PutBack(IEnumerable<DelayedNudge> nudges, TimeSpan pause = default)
    {
        var again = Time.GetUtcNow() + (pause > RetryPause ? pause : RetryPause);
        lock (_lock)
        {
            foreach (var nudge in nudges.TakeWhile(_ => _queue.Count < MostPutBack))
                _queue.Enqueue(nudge with { DueAt = again }, again);
        }
    }

    private TimeSpan PauseUntilNext()
    {
        lock (_lock)
        {
            // Rounded up to the timer's millisecond: a nudge that comes a little early would be refused by the claim.
            return _queue.TryPeek(out _, out var next)
                ? TimeSpan.FromMilliseconds(
                    Math.Clamp(Math.Ceiling((next - Time.GetUtcNow()).TotalMilliseconds), 1, Idle.TotalMilliseconds))
                : Idle;
        }
    }
}
