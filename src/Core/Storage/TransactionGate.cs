using Fleet.Core.Telemetry;

namespace Fleet.Core.Storage;

/// <summary>Looks at what connections the server has to give; null when it has no limit that matters.</summary>
public delegate Task<ConnectionRoom?> ReadConnectionRoom(CancellationToken ct);

/// <summary>Limits how many transactions of handlers this process has open at once. Whoever finds it full waits, in order of
/// arrival.</summary>
/// <remarks>A database commits most when few transactions are open; more of them only take its connections and its processor. Fleet's own
/// statements (heartbeat, claim, completion) do not pass this gate. The limit is what still gains throughput
/// (<see cref="ThroughputLimit"/>), up to the process's share of the server's connections (<see cref="ConnectionShare"/>).</remarks>
/// <param name="time">The clock.</param>
/// <param name="read">Reads what the server has to give; null when nobody needs to know.</param>
/// <param name="most">The most that the process's pool of connections can serve.</param>
public sealed class TransactionGate(TimeProvider time, ReadConnectionRoom? read = null, int most = int.MaxValue) : IAsyncDisposable
{
    /// <summary>How often the server is looked at while transactions pass.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2.5);

    /// <summary>A wait of this length is told.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromSeconds(10);

    /// <summary>Transactions that may be open before the first look at the server.</summary>
    public const int Unseen = 2;

    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenRefusals = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly ThroughputLimit _throughput = new();
    private readonly CancellationTokenSource _stop = new();
    private int _open;
    private int _mostOpen;
    private int _share = read is null ? most : Math.Min(Unseen, most);
    // 1 as a rule; halved by each refusal, and grown again by each look that follows.
    private double _part = 1;
    private int _shownLimit;
    private long? _lookedAt;
    private long? _refusedAt;
    private long? _warnedAt;
    private Task _look = Task.CompletedTask;
    private ITimer? _watch;
    private bool _isWatching;
    private bool _isDisposed;

    /// <summary>Called when the share of the process has become smaller than what it has open: to close connections that are not in
    /// use.</summary>
    public Action? OnLess { get; set; }

    /// <summary>Called, at most once a minute, when a transaction waits for <see cref="LongWait"/>.</summary>
    public Action<TransactionsWait>? OnLongWait { get; set; }

    /// <summary>How many transactions may be open at once.</summary>
    public int Limit
    {
        get
        {
            lock (_lock)
                return Allowed;
        }
    }

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

    /// <summary>Whether the look that was begun last has ended.</summary>
    public bool IsSeen => _look.IsCompleted;

    private int Share => Math.Max(1, (int)(_share * _part));

    private int Allowed => Math.Min(Share, _throughput.Value);

    /// <summary>How many connections this process may spend on transactions of handlers; looks at the server again when the last look is
    /// old.</summary>
    public int FindShare()
    {
        lock (_lock)
        {
            LookIfOld();
            return Share;
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
            LookIfOld();
            Tick();
            if (_shownLimit == 0)
                ShowLimit();
            if (_waiters.Count == 0 && _open < Allowed)
                return new ValueTask<TransactionPass>(Pass());
            _throughput.Full();
            waiter = new Waiter(time.GetTimestamp());
            _waiters.AddLast(waiter.Node);
            FleetMetrics.TransactionsWaiting.Add(1);
            Watch();
        }

        return new ValueTask<TransactionPass>(WaitAsync(waiter, ct));
    }

    /// <summary>Takes note that the server refused a connection of this process.</summary>
    public void Refused()
    {
        lock (_lock)
        {
            if (_refusedAt is { } last && time.GetElapsedTime(last) < BetweenRefusals)
                return;
            _refusedAt = time.GetTimestamp();
            _part = Math.Max(_part / 2, 1.0 / 16);
            ShowLimit();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        await _stop.CancelAsync();
        await _look;
        if (_watch is not null)
            await _watch.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Takes note of how long the database took for the completion and the commit of a transaction.</summary>
    internal void Took(TimeSpan roundTrip, DateTimeOffset enteredAt)
    {
        lock (_lock)
        {
            _throughput.Add(roundTrip.TotalSeconds, enteredAt, time.GetUtcNow(), Share);
            ShowLimit();
        }
    }

    internal void Leave()
    {
        lock (_lock)
        {
            _open--;
            FleetMetrics.TransactionsOpen.Add(-1);
            Tick();
            Admit();
        }
    }

    private TransactionPass Pass()
    {
        _open++;
        _mostOpen = Math.Max(_mostOpen, _open);
        FleetMetrics.TransactionsOpen.Add(1);
        return new TransactionPass(this, time.GetUtcNow());
    }

    private async Task<TransactionPass> WaitAsync(Waiter waiter, CancellationToken ct)
    {
        await using var canceled = ct.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        try
        {
            return await waiter.Task;
        }
        finally
        {
            FleetMetrics.TransactionsWaiting.Add(-1);
            FleetMetrics.TransactionWait.Record(time.GetElapsedTime(waiter.Since).TotalSeconds);
            lock (_lock)
            {
                if (waiter.Node.List is not null)
                    _waiters.Remove(waiter.Node);
            }
        }
    }

    /// <summary>Lets those in who wait, while there is room. One who has given up in that very moment takes none.</summary>
    private void Admit()
    {
        while (_open < Allowed && _waiters.First is { } first)
        {
            _waiters.RemoveFirst();
            if (first.Value.Task.IsCompleted)
                continue;
            var pass = Pass();
            if (!first.Value.TrySetResult(pass))
                pass.Dispose();
        }
    }

    private void Tick()
    {
        if (_throughput.Tick(time.GetUtcNow()))
            ShowLimit();
    }

    private void ShowLimit()
    {
        var limit = Allowed;
        if (limit == _shownLimit)
            return;
        FleetMetrics.TransactionLimit.Add(limit - _shownLimit);
        _shownLimit = limit;
        Admit();
    }

    private void LookIfOld()
    {
        if (!_look.IsCompleted || (_lookedAt is { } last && time.GetElapsedTime(last) < BetweenLooks))
            return;
        _lookedAt = time.GetTimestamp();
        if (read is null)
            Seen(most);
        else
            _look = Task.Run(LookAsync);
    }

    private async Task LookAsync()
    {
        try
        {
            var room = await read!(_stop.Token);
            lock (_lock)
                Seen(room is null ? most : Math.Min(most, ConnectionShare.Of(room, _mostOpen)));
        }
        catch (Exception)
        {
            // The next look tells; until then the share stays as it is. One that can never look must not stay at its first few.
            lock (_lock)
            {
                if (_share <= Unseen)
                    Seen(Math.Min(most, ThroughputLimit.Floor));
            }
        }
    }

    private void Seen(int share)
    {
        if (_refusedAt is not { } refused || time.GetElapsedTime(refused) >= BetweenLooks)
            _part = Math.Min(1, _part * 1.25);
        var isLess = share < _mostOpen;
        (_share, _mostOpen) = (share, _open);
        ShowLimit();
        if (isLess)
            OnLess?.Invoke();
    }

    /// <summary>Looks after those who wait, also when nobody comes and goes.</summary>
    private void Watch()
    {
        if (_isWatching)
            return;
        _isWatching = true;
        _watch ??= time.CreateTimer(
            static gate => ((TransactionGate)gate!).OnWatch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _watch.Change(LongWait / 2, LongWait / 2);
    }

    private void OnWatch()
    {
        TransactionsWait? wait = null;
        lock (_lock)
        {
            if (_waiters.First is not { } first)
            {
                _isWatching = false;
                _watch!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            LookIfOld();
            Tick();
            Admit();
            var waited = time.GetElapsedTime(first.Value.Since);
            if (waited >= LongWait && (_warnedAt is not { } last || time.GetElapsedTime(last) >= BetweenWarnings))
            {
                _warnedAt = time.GetTimestamp();
                wait = new TransactionsWait(_waiters.Count, waited, _open, Allowed, Share);
            }
        }

        if (wait is not null)
            OnLongWait?.Invoke(wait);
    }

    private sealed class Waiter : TaskCompletionSource<TransactionPass>
    {
        public Waiter(long since)
            : base(TaskCreationOptions.RunContinuationsAsynchronously) => (Since, Node) = (since, new(this));

        public long Since { get; }

        public LinkedListNode<Waiter> Node { get; }
    }
}

/// <summary>What a warning about long waits says.</summary>
/// <param name="Waiting">How many transactions wait.</param>
/// <param name="Longest">How long the first of them has waited.</param>
/// <param name="Open">How many are open.</param>
/// <param name="Limit">How many may be open now.</param>
/// <param name="Share">How many connections the process may spend on them.</param>
public sealed record TransactionsWait(int Waiting, TimeSpan Longest, int Open, int Limit, int Share);

/// <summary>The right to have one transaction open.</summary>
public sealed class TransactionPass(TransactionGate gate, DateTimeOffset enteredAt) : IDisposable
{
    private TransactionGate? _gate = gate;

    /// <summary>Tells the gate how long the database took for the completion and the commit, without the work before them.</summary>
    public void Took(TimeSpan roundTrip) => _gate?.Took(roundTrip, enteredAt);

    /// <summary>Lets the next one in.</summary>
    public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
}
