using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>Holds nudges until their due time: the belt of a process without a broker. As a loop, a pass sends what is due
/// and pauses until the next is.</summary>
internal sealed class InMemoryBelt(
    TimeProvider time, Func<IReadOnlyList<DelayedNudge>, CancellationToken, Task> deliver, ILogger logger) : BackgroundLoop("belt", time, logger)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly PriorityQueue<DelayedNudge, DateTimeOffset> _queue = new();
    private readonly Lock _lock = new();

    public void Add(IReadOnlyList<DelayedNudge> nudges)
    {
        lock (_lock)
        {
            foreach (var nudge in nudges)
                _queue.Enqueue(nudge, nudge.DueAt);
        }

        Wake();
    }

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        List<DelayedNudge> due = [];
        TimeSpan pause;
        lock (_lock)
        {
            var now = Time.GetUtcNow();
            while (_queue.TryPeek(out var nudge, out var at) && at <= now)
            {
                due.Add(nudge);
                _queue.Dequeue();
            }

            // Rounded up to the timer's millisecond: a nudge that comes a little early would be refused by the claim.
            pause = _queue.TryPeek(out _, out var next)
                ? TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling((next - now).TotalMilliseconds), 1, Idle.TotalMilliseconds))
                : Idle;
        }

        if (due.Count > 0)
            await deliver(due, ct);
        return pause;
    }
}
