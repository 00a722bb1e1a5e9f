namespace Fleet.Testing;

/// <summary>A clock that stands still until the fleet moves it on, in leaps from one thing to do to the next. Handlers get it as their
/// <see cref="TimeProvider"/>: <c>await Task.Delay(TimeSpan.FromHours(1), time, ct)</c> takes an hour of it, and no time.</summary>
public sealed class VirtualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly AsyncLocal<RunUnderWay?> _run = new();
    private readonly SortedSet<Timer> _timers = new(Comparer<Timer>.Create((a, b) => (a.DueAt, a.Number).CompareTo((b.DueAt, b.Number))));
    private DateTimeOffset _now;
    private long _number;

    internal VirtualTime(DateTimeOffset start)
    {
        _now = start.ToUniversalTime();
        ForEngine = new EngineTime(this);
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The same clock for what executes runs: its timers (a job's timeout) do not mean that a handler waits.</summary>
    internal TimeProvider ForEngine { get; }

    /// <summary>The first instant at which a timer of a run goes off; null when none is set.</summary>
    internal DateTimeOffset? NextDue
    {
        get
        {
            lock (_lock)
                return _timers.FirstOrDefault(t => t.Run is not null)?.DueAt;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, callback, state, isWait: true).Start(dueTime, period);

    /// <summary>Does something as a part of a run: timers that are made by it, and by what it starts, are the run's.</summary>
    internal Task RunAsync(RunUnderWay run, Func<Task> work)
    {
        _run.Value = run;
        try
        {
            return Task.Run(work);
        }
        finally
        {
            _run.Value = null;
        }
    }

    /// <summary>Moves the clock on; lets nothing go off.</summary>
    internal void JumpTo(DateTimeOffset instant)
    {
        lock (_lock)
            _now = instant > _now ? instant.ToUniversalTime() : _now;
    }

    /// <summary>Lets the first timer of a run go off that is due.</summary>
    /// <returns>Whose it was, and whether it asks the run to end; null when none is due.</returns>
    internal (RunUnderWay Run, bool IsLimit)? FireNext()
    {
        Timer? timer;
        lock (_lock)
        {
            timer = _timers.FirstOrDefault(t => t.Run is not null);
            if (timer is null || timer.DueAt > _now)
                return null;
            timer.Pass();
        }

        timer.Fire();
        return (timer.Run!, !timer.IsWait);
    }

    /// <summary>Lets the timers go off that are no run's (the storage's, the test's) and are due, each once.</summary>
    internal void FireOthers()
    {
        Timer[] due;
        lock (_lock)
        {
            due = [.. _timers.TakeWhile(t => t.DueAt <= _now).Where(t => t.Run is null)];
            foreach (var timer in due)
                timer.Pass();
        }

        foreach (var timer in due)
            timer.Fire();
    }

    private sealed class EngineTime(VirtualTime time) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => time.LocalTimeZone;

        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(time, callback, state, isWait: false).Start(dueTime, period);
    }

    private sealed class Timer : ITimer
    {
        private readonly VirtualTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private TimeSpan _period;
        private bool _isDisposed;

        public Timer(VirtualTime time, TimerCallback callback, object? state, bool isWait)
        {
            (_time, _callback, _state, IsWait) = (time, callback, state, isWait);
            Run = time._run.Value;
        }

        public RunUnderWay? Run { get; }

        public bool IsWait { get; }

        public DateTimeOffset DueAt { get; private set; }

        /// <summary>Of those that are due at the same instant, the one that was set first goes off first.</summary>
        public long Number { get; private set; }

        public Timer Start(TimeSpan dueTime, TimeSpan period)
        {
            Change(dueTime, period);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_time._lock)
            {
                if (_isDisposed)
                    return false;
                Remove();
                _period = period;
                if (dueTime >= TimeSpan.Zero)
                    Add(_time._now + dueTime);
            }

            Run?.Changed.Set();
            return true;
        }

        /// <summary>Under the lock: it is about to go off.</summary>
        public void Pass()
        {
            Remove();
            if (_period > TimeSpan.Zero)
                Add(_time._now + _period);
        }

        public void Fire()
        {
            if (_context is null)
                _callback(_state);
            else
                ExecutionContext.Run(_context, _ => _callback(_state), null);
        }

        public void Dispose()
        {
            lock (_time._lock)
            {
                _isDisposed = true;
                Remove();
            }

            Run?.Changed.Set();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Add(DateTimeOffset dueAt)
        {
            (DueAt, Number) = (dueAt, _time._number++);
            _time._timers.Add(this);
            if (IsWait && Run is { } run)
                run.Waits++;
            else if (Run is { } other)
                other.Limits++;
        }

        private void Remove()
        {
            if (!_time._timers.Remove(this) || Run is not { } run)
                return;
            if (IsWait)
                run.Waits--;
            else
                run.Limits--;
        }
    }
}
