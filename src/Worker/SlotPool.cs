namespace Fleet.Worker;

/// <summary>The slots of one lane: the right of that many runs to execute in this process at once. A run whose handler has ended
/// gives its slot on while its fate is written, so that the next is claimed meanwhile; as many may do that as there are slots,
/// which bounds what a killed process leaves unsettled.</summary>
public sealed class SlotPool(int slots, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private int _free = slots;
    private int _maySettle = slots;

    /// <summary>How many runs could start now.</summary>
    public int Free
    {
        get
        {
            lock (_lock)
                return _free;
        }
    }

    /// <summary>Takes as many slots as are free, at least one; waits for the first of them, in order of arrival.</summary>
    /// <param name="most">How many are wanted.</param>
    /// <param name="patience">How long to wait for the first; null waits on.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>How many were taken; 0 when none came free in time.</returns>
    public async Task<int> TakeAsync(int most, TimeSpan? patience, CancellationToken ct)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_free > 0)
            {
                var taken = Math.Min(most, _free);
                _free -= taken;
                return taken;
            }

            waiter = new Waiter(most);
            _waiters.AddLast(waiter);
        }

        try
        {
            return patience is { } limit ? await waiter.Task.WaitAsync(limit, time, ct) : await waiter.Task.WaitAsync(ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                // A slot that was granted in the very moment of giving up is ours after all.
                if (!_waiters.Remove(waiter))
                    return waiter.Task.Result;
            }

            ct.ThrowIfCancellationRequested();
            return 0;
        }
    }

    /// <summary>Gives a slot on whose run is only to be settled.</summary>
    /// <returns>False when too many are being settled: the slot stays taken until <see cref="Return"/>.</returns>
    public bool TryBeginSettling()
    {
        lock (_lock)
        {
            if (_maySettle == 0)
                return false;
            _maySettle--;
            Return(1);
            return true;
        }
    }

    /// <summary>A run that gave its slot on is settled.</summary>
    public void EndSettling()
    {
        lock (_lock)
            _maySettle++;
    }

    /// <summary>Gives slots back.</summary>
    public void Return(int count)
    {
        lock (_lock)
        {
            _free += count;
            while (_free > 0 && _waiters.First is { } first)
            {
                _waiters.RemoveFirst();
                var granted = Math.Min(first.Value.Most, _free);
                _free -= granted;
                first.Value.SetResult(granted);
            }
        }
    }

    private sealed class Waiter(int most) : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Most { get; } = most;
    }
}
