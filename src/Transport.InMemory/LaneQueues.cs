using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Fleet.Transport.InMemory;

/// <summary>A nudge in this process.</summary>
/// <param name="Ids">The runs.</param>
/// <param name="IsEarly">True if their commit may still be under way.</param>
internal readonly record struct WaitingNudge(IReadOnlyList<RunId> Ids, bool IsEarly);

/// <summary>The nudges of a lane that somebody listens to.</summary>
internal sealed class LaneQueue
{
    private readonly Channel<WaitingNudge> _nudges = Channel.CreateUnbounded<WaitingNudge>();
    private long _count;

    /// <summary>Number of nudges that were sent and not yet handled.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Number of subscriptions; guarded by <see cref="LaneQueues"/>.</summary>
    public int Listeners { get; set; }

    /// <summary>The nudges that wait.</summary>
    public ChannelReader<WaitingNudge> Waiting => _nudges.Reader;

    public void Add(WaitingNudge nudge)
    {
        Interlocked.Increment(ref _count);
        _nudges.Writer.TryWrite(nudge);
    }

    /// <summary>Called when a nudge was handled, well or not.</summary>
    public void Handled() => Interlocked.Decrement(ref _count);
}

/// <summary>The lanes that somebody listens to in this process.</summary>
internal sealed class LaneQueues
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, LaneQueue> _lanes = new(StringComparer.Ordinal);

    /// <summary>The queue of a lane; null if nobody listens to it.</summary>
    public LaneQueue? Find(string lane) => _lanes.GetValueOrDefault(lane);

    /// <summary>Begins to listen.</summary>
    public LaneQueue Open(string lane)
    {
        lock (_lock)
        {
            var queue = _lanes.GetOrAdd(lane, static _ => new LaneQueue());
            queue.Listeners++;
            return queue;
        }
    }

    /// <summary>Listens no more. With the last listener, what still waits is dropped: the rows are in the database.</summary>
    public void Close(string lane)
    {
        lock (_lock)
        {
            if (_lanes.TryGetValue(lane, out var queue) && --queue.Listeners == 0)
                _lanes.TryRemove(lane, out _);
        }
    }
}
