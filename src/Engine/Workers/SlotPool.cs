namespace Fleet.Engine.Workers;

/// <summary>The slots of one lane: the right of that many runs to execute in this process at once. A run whose handler has ended
/// gives its slot on while its fate is written, so that the next is claimed meanwhile; <see cref="SettlingPerSlot"/> times as many as
/// there are slots may do that, which bounds what a killed process leaves unsettled.</summary>
/// <param name="slots">How many there are at first, and while handlers are long.</param>
/// <param name="maxSlots">How many there may be while handlers are short and runs wait for slots: a slot is then taken by the claim for
/// most of its time. As many as <paramref name="slots"/>: the number is fixed.</param>
/// <param name="time">The clock.</param>
/// <param name="ofTransactions">Bounds slots that nobody set, where handlers complete in transactions of their own; null for no
/// bound.</param>
public sealed class SlotPool(int slots, int maxSlots, TimeProvider time, TransactionSlots? ofTransactions = null)
{
    /// <summary>How many runs may be settled at once for each slot.</summary>
    public const int SettlingPerSlot = 4;

    /// <summary>A mean up to this is short: about what a claim takes. Twice this is long.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromMilliseconds(5);

    /// <summary>A mean wait for a transaction below this is none.</summary>
    private static readonly TimeSpan NoWait = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly int _atFirst = slots;
    private int _slots = slots;
    private int _settling;

    // Less than zero while more runs execute than there are slots since these became fewer.
    private int _free = slots;

    // How many handlers have ended since the number of slots was looked at, how long they worked together, and how long they waited for a
    // transaction.
    private int _ended;
    private TimeSpan _worked;
    private TimeSpan _waited;
    private bool _isBounded;

    // Since the last Use, in units of the clock's timestamps, times slots.
    private long _usedUntil = time.GetTimestamp();
    private long _used;
    private long _had;

    /// <summary>How many slots there are now, and how many of them are taken.</summary>
    public (int Slots, int Taken) Load
    {
        get
        {
            lock (_lock)
                return (_slots, _slots - _free);
        }
    }

    /// <summary>How many runs could start now.</summary>
    public int Free
    {
        get
        {
            lock (_lock)
                return Math.Max(0, _free);
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
                Measure();
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
    /// <param name="took">How long its handler took.</param>
    /// <param name="waited">How much of it the handler waited for a transaction of Fleet's: no work, and nothing that more slots would
    /// shorten.</param>
    /// <param name="hasOwnTransaction">Whether it completed in a transaction that it had opened itself.</param>
    /// <returns>False when too many are being settled: the slot stays taken until <see cref="Return"/>.</returns>
    public bool TryBeginSettling(TimeSpan took, TimeSpan waited = default, bool hasOwnTransaction = false)
    {
        if (hasOwnTransaction)
            ofTransactions?.Saw(this);
        lock (_lock)
        {
            Measure();
            Resize(took, waited, hasOwnTransaction && !_isBounded);
            if (_settling >= SettlingPerSlot * _slots)
                return false;
            _settling++;
            Return(1);
            return true;
        }
    }

    /// <summary>A run that gave its slot on is settled.</summary>
    public void EndSettling()
    {
        lock (_lock)
            _settling--;
    }

    /// <summary>Gives slots back.</summary>
    public void Return(int count)
    {
        lock (_lock)
        {
            Measure();
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

    /// <summary>How much of the slots was used since the last call, and how much there was: a time multiplied by slots.</summary>
    public (TimeSpan Used, TimeSpan Had) Use()
    {
        lock (_lock)
        {
            Measure();
            var use = (ToTime(_used), ToTime(_had));
            (_used, _had) = (0, 0);
            return use;
        }

        TimeSpan ToTime(long timestamps) => TimeSpan.FromSeconds((double)timestamps / time.TimestampFrequency);
    }

    /// <summary>Adds the time since the last change. Must be called under the lock, before a change of the slots.</summary>
    private void Measure()
    {
        var now = time.GetTimestamp();
        var passed = now - _usedUntil;
        _usedUntil = now;
        _used += passed * (_slots - _free);
        _had += passed * _slots;
    }

    /// <summary>Looks at the number of slots when as many handlers have ended as there are slots, or when what they took is too
    /// much already for their mean to be short.</summary>
    private void Resize(TimeSpan took, TimeSpan waited, bool atOnce)
    {
        if (maxSlots == _atFirst)
            return;
        _worked += took - waited;
        _waited += waited;
        _ended++;
        var limit = 2 * Short * _slots;
        if (_ended < _slots && _worked < limit && _waited < limit && !atOnce)
            return;
        var next = Math.Min(Wanted(), ofTransactions?.MostOf(this) ?? int.MaxValue);
        _isBounded = next < _atFirst;
        (_ended, _worked, _waited) = (0, TimeSpan.Zero, TimeSpan.Zero);
        _free += next - _slots;
        _slots = next;
        Return(0);
    }

    /// <summary>How many slots the handlers that have ended make sense of. Those that waited longer than they worked have slots
    /// enough.</summary>
    private int Wanted()
    {
        var isLong = _worked >= 2 * Short * _slots;
        var mostlyWaited = _waited > _worked && _waited > Short * _ended;
        var isShort = _worked + _waited <= Short * _ended && _waited < NoWait * _ended;
        if (isLong || mostlyWaited)
            return _atFirst;
        return isShort && _waiters.Count > 0
            ? Math.Min(2 * Math.Max(_slots, _atFirst / 2), maxSlots)
            : Math.Max(_slots, _atFirst);
    }

    private sealed class Waiter(int most) : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Most { get; } = most;
    }
}
