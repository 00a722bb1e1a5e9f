namespace Fleet.Core.Schedules.Preview;

/// <summary>Counts how many runs execute at once. Their starts come in chronological order.</summary>
internal sealed class RunsAtOnce
{
    private readonly PriorityQueue<bool, long> _ends = new();

    /// <summary>Adds a run, and removes those that have ended by its start.</summary>
    /// <param name="start">When it starts.</param>
    /// <param name="duration">How long it takes.</param>
    /// <returns>Number of runs that execute at its start, itself included.</returns>
    public int Add(DateTimeOffset start, TimeSpan duration)
    {
        while (_ends.TryPeek(out _, out var end) && end <= start.UtcTicks)
            _ends.Dequeue();
        // A run of zero length still counts at its own instant.
        _ends.Enqueue(true, start.UtcTicks + Math.Max(1, duration.Ticks));
        return _ends.Count;
    }
}
