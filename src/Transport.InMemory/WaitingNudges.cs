using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Fleet.Transport.InMemory;

/// <summary>The lanes that somebody listens to in this process, with the number of nudges that were sent and not yet handled.</summary>
internal sealed class WaitingNudges
{
    private readonly ConcurrentDictionary<string, StrongBox<long>> _lanes = new(StringComparer.Ordinal);

    /// <summary>The count of a lane; null if nobody listens to it.</summary>
    public StrongBox<long>? Find(string lane) => _lanes.GetValueOrDefault(lane);

    public void Open(string lane, StrongBox<long> waiting) => _lanes[lane] = waiting;

    public void Close(string lane) => _lanes.TryRemove(lane, out _);
}
