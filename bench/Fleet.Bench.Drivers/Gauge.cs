namespace Fleet.Bench.Drivers;

/// <summary>Counts what the handlers of this process saw since the last <see cref="Expect"/>.</summary>
internal sealed class Gauge
{
    private TaskCompletionSource _first = new();
    private TaskCompletionSource _all = new();
    private long[] _latencies = [];
    private int _started;
    private long _firstAt;
    private long _lastAt;

    /// <summary>When the first handler started.</summary>
    public long FirstAt => Volatile.Read(ref _firstAt);

    /// <summary>When the last one did.</summary>
    public long LastAt => Volatile.Read(ref _lastAt);

    public int Started => Volatile.Read(ref _started);

    /// <summary>Ends when the first handler has started.</summary>
    public Task First => _first.Task;

    /// <summary>Ends when as many as expected have started.</summary>
    public Task All => _all.Task;

    /// <summary>Begins a measurement; nothing may be at work.</summary>
    public void Expect(int count)
    {
        _first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _latencies = new long[count];
        Volatile.Write(ref _started, 0);
    }

    /// <summary>The first line of every handler.</summary>
    /// <param name="sent">When its job was enqueued.</param>
    public void Handle(long sent)
    {
        var now = Talk.Now();
        var mine = Interlocked.Increment(ref _started);
        if (mine > _latencies.Length)
            return;
        _latencies[mine - 1] = now - sent;
        if (mine == 1)
        {
            Volatile.Write(ref _firstAt, now);
            _first.TrySetResult();
        }

        if (mine == _latencies.Length)
        {
            Volatile.Write(ref _lastAt, now);
            _all.TrySetResult();
        }
    }

    /// <summary>The time from enqueue to start that this fraction of the jobs did not exceed, in milliseconds.</summary>
    public double Percentile(double fraction)
    {
        var sorted = _latencies[..];
        Array.Sort(sorted);
        return sorted[(int)Math.Min(sorted.Length - 1, fraction * sorted.Length)] / 1000.0;
    }
}
