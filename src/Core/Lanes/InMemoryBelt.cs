using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Core.Lanes;

/// <summary>Holds nudges until their due time: the belt of a process without a broker. Each pass of the loop sends the due nudges and then
/// pauses until the next one is due. If a lane refuses nudges, they are put back, and other lanes are not delayed.</summary>
public sealed class InMemoryBelt(
    TimeProvider time, Func<string, IReadOnlyCollection<RunId>, CancellationToken, Task> send, Predicate<Exception> isOutage,
    ILogger logger)
    : BackgroundLoop("belt", time, logger), IAsyncDisposable
{
    /// <summary>Maximum number of nudges that are put back while a lane refuses them. Reconcile finds the runs of further ones.</summary>
    public const int MaxPutBack = 100_000;

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

        // The loop already waits for the first of them; a storm of retries adds thousands behind it.
        if (isSooner)
            Wake();
    }

    /// <summary>Sends the nudges that come due soon before their time, because the process ends. A worker that gets a nudge a little early
    /// keeps it. Best effort.</summary>
    /// <param name="within">Nudges that come due later are left to Reconcile.</param>
    /// <param name="ct">Stops sending.</param>
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
                // The broker is away or too slow; Reconcile finds the runs.
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
            foreach (var nudge in nudges.TakeWhile(_ => _queue.Count < MaxPutBack))
                _queue.Enqueue(nudge with { DueAt = again }, again);
        }
    }

    private TimeSpan PauseUntilNext()
    {
        lock (_lock)
        {
            // Rounded up to the millisecond of the timer, because the claim would refuse a nudge that arrives a little early.
            return _queue.TryPeek(out _, out var next)
                ? TimeSpan.FromMilliseconds(
                    Math.Clamp(Math.Ceiling((next - Time.GetUtcNow()).TotalMilliseconds), 1, Idle.TotalMilliseconds))
                : Idle;
        }
    }
}
