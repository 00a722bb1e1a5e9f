using Fleet.Core.Storage;

namespace Fleet.Engine.Workers;

/// <summary>Bounds the slots of lanes whose handlers complete in transactions that they open themselves. Each of their runs has a
/// connection that Fleet did not open, so there may be as many runs as the process may spend connections.</summary>
/// <param name="transactions">The gate of the process; null where connections are not limited.</param>
/// <param name="time">The clock.</param>
public sealed class TransactionSlots(TransactionGate? transactions, TimeProvider time)
{
    /// <summary>A lane stays bounded for so long after the last such completion.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<SlotPool, long> _lastSeen = [];

    /// <summary>A handler of the lane completed in a transaction of its own.</summary>
    public void Saw(SlotPool lane)
    {
        if (transactions is null)
            return;
        lock (_lock)
            _lastSeen[lane] = time.GetTimestamp();
    }

    /// <summary>The most slots that the lane may have: the process's share of connections, divided by the lanes that need
    /// some.</summary>
    public int MostOf(SlotPool lane)
    {
        lock (_lock)
        {
            if (_lastSeen.Count == 0)
                return int.MaxValue;
            foreach (var old in _lastSeen.Where(l => time.GetElapsedTime(l.Value) > Memory).Select(l => l.Key).ToArray())
                _lastSeen.Remove(old);
            return _lastSeen.ContainsKey(lane) ? Math.Max(1, transactions!.FindShare() / _lastSeen.Count) : int.MaxValue;
        }
    }
}
