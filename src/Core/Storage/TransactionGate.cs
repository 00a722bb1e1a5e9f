using System.Diagnostics;

namespace Fleet.Core.Storage;

/// <summary>Limits how many transactions of handlers this process has open at once. Whoever finds it full waits, in order of
/// arrival.</summary>
/// <remarks>A database commits most when few transactions are open; the rest of them only take its connections and its processor. Fleet's own
/// statements (heartbeat, claim, completion) do not pass this gate.</remarks>
public sealed class TransactionGate(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private int _open;

    /// <summary>How many transactions may be open at once.</summary>
    public int Limit { get; } = 16;

    /// <summary>How many are open.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
                return _open;
        }
    }

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiters.Count;
        }
    }

    /// <summary>Waits until a transaction may be opened. Dispose the result once its connection has been given back.</summary>
    /// <param name="ct">Ends the wait.</param>
    public ValueTask<TransactionPass> EnterAsync(CancellationToken ct)
    {
        Waiter waiter;
        lock (_lock)
        {
            ct.ThrowIfCancellationRequested();
            if (_waiters.Count == 0 && _open < Limit)
            {
                _open++;
                return new ValueTask<TransactionPass>(new TransactionPass(this));
            }

            waiter = new Waiter();
            _waiters.AddLast(waiter.Node);
        }

        return new ValueTask<TransactionPass>(WaitAsync(waiter, ct));
    }

    /// <summary>Takes note of how long the database took for the completion and the commit of a transaction.</summary>
    internal void Took(TimeSpan roundTrip) => Debug.Assert(roundTrip >= TimeSpan.Zero && time is not null);

    internal void Leave()
    {
        lock (_lock)
        {
            _open--;
            Admit();
        }
    }

    private async Task<TransactionPass> WaitAsync(Waiter waiter, CancellationToken ct)
    {
        await using var canceled = ct.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        try
        {
            return await waiter.Task;
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                if (waiter.Node.List is not null)
                    _waiters.Remove(waiter.Node);
            }

            throw;
        }
    }

    /// <summary>Lets those in who wait, while there is room. One who has given up in that very moment takes none.</summary>
    private void Admit()
    {
        while (_open < Limit && _waiters.First is { } first)
        {
            _waiters.RemoveFirst();
            if (first.Value.TrySetResult(new TransactionPass(this)))
                _open++;
        }
    }

    private sealed class Waiter : TaskCompletionSource<TransactionPass>
    {
        public Waiter() : base(TaskCreationOptions.RunContinuationsAsynchronously) => Node = new(this);

        public LinkedListNode<Waiter> Node { get; }
    }
}

/// <summary>The right to have one transaction open.</summary>
public sealed class TransactionPass(TransactionGate gate) : IDisposable
{
    private TransactionGate? _gate = gate;

    /// <summary>Tells the gate how long the database took for the completion and the commit, without the work before them.</summary>
    public void Took(TimeSpan roundTrip) => _gate?.Took(roundTrip);

    /// <summary>Lets the next one in.</summary>
    public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
}
