using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.Engine.Workers;

namespace Fleet.Engine.Execution;

/// <summary>Why a running handler is asked to stop.</summary>
public enum StopCause
{
    None = 0,

    /// <summary>Somebody called the run off.</summary>
    Canceled = 1,

    /// <summary>The job's timeout passed.</summary>
    TimedOut = 2,

    /// <summary>The worker is shutting down and its drain time is over.</summary>
    Drained = 3,

    /// <summary>The run is no longer this worker's.</summary>
    LeaseLost = 4,
}

/// <summary>One run under way in this process: its token, why that tripped, and who writes its fate.</summary>
/// <remarks>A handler is foreign code. It may block its thread, ignore its token, or register callbacks that throw or never return. Nothing
/// here waits for it: callbacks run on threads of their own, and a handler that is overdue is given up by
/// <see cref="OnOverdue"/>.</remarks>
public sealed class RunHandle : IDisposable
{
    private const long Never = long.MaxValue;

    /// <summary>The least time that a disposal gets, where the grace is shorter.</summary>
    private static readonly TimeSpan LeastDisposal = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly CancellationTokenSource _token = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private ITimer? _timeout;
    private ITimer? _graceEnd;
    // Timestamps of the monotonic clock: a clock that is set ahead ends no run.
    private long _timeoutAt = Never;
    private long _overdueAt = Never;
    private HandlerEnd? _end;
    private bool _disposed;
    private bool _isOverdue;
    private int _isTaken;

    /// <param name="run">The claimed run.</param>
    /// <param name="timeout">After which its token trips; null for never.</param>
    /// <param name="grace">How long the handler may take to stop after that, and how long its disposal may take.</param>
    /// <param name="time">The clock.</param>
    public RunHandle(ClaimedRun run, TimeSpan? timeout, TimeSpan grace, TimeProvider time)
    {
        Run = run;
        Timeout = timeout;
        _grace = grace;
        _time = time;
        StartedAt = time.GetTimestamp();
    }

    public ClaimedRun Run { get; }

    public TimeSpan? Timeout { get; }

    /// <summary>Whether a heartbeat has met it before.</summary>
    public bool IsMet { get; set; }

    /// <summary>What the handler sees.</summary>
    public CancellationToken Token => _token.Token;

    /// <summary>The first cause; only a lost lease replaces another.</summary>
    public StopCause Cause { get; private set; }

    /// <summary>Ends when the run's fate is written, or is no longer ours to write.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Called once, on any thread, when the handler did not stop within its grace, or did not return from its disposal. Must not
    /// block.</summary>
    internal Action<RunHandle>? OnOverdue { get; init; }

    /// <summary>Called with what callbacks on the token threw.</summary>
    internal Action<RunHandle, Exception>? OnBadCallback { get; init; }

    /// <summary>The context that the handler was given; null before it was called.</summary>
    internal RunContext? Context { get; set; }

    /// <summary>The values of the run's secrets. Read from the args each time: few ask.</summary>
    internal SecretValues Secrets => Context?.Secrets ?? SecretValues.None;

    /// <summary>The runs that this one belongs to: a process may hold several workers.</summary>
    internal RunningRuns? Owner { get; set; }

    /// <summary>How the handler ended; null while it runs.</summary>
    internal HandlerEnd? End
    {
        get
        {
            lock (_lock)
                return _end;
        }
    }

    /// <summary>When the handler was begun, or before that the run was admitted, as a timestamp of the clock.</summary>
    internal long StartedAt { get; private set; }

    /// <summary>Begins the attempt: its timeout counts from here, not from the claim.</summary>
    /// <returns>False when it was asked to stop while it waited for a thread; its handler must not be called then.</returns>
    public bool TryBegin()
    {
        lock (_lock)
        {
            StartedAt = _time.GetTimestamp();
            if (Cause != StopCause.None)
                return false;
            if (Timeout is { } after)
            {
                _timeoutAt = TimestampIn(after);
                _timeout = _time.CreateTimer(
                    static handle => ((RunHandle)handle!).Stop(StopCause.TimedOut), this, after, System.Threading.Timeout.InfiniteTimeSpan);
            }

            return true;
        }
    }

    /// <summary>Asks the handler to stop. Returns at once, whatever is registered on the token.</summary>
    public void Stop(StopCause cause) => Stop(cause, _grace);

    /// <inheritdoc cref="Stop(StopCause)"/>
    public void Stop(StopCause cause, TimeSpan grace)
    {
        lock (_lock)
        {
            if (_disposed || (Cause != StopCause.None && cause != StopCause.LeaseLost))
                return;
            Cause = cause;
            _timeoutAt = Never;
            BeOverdueIn(grace);
        }

        // The token trips now; its callbacks run on a thread of the pool. One that blocks must not hold up a timer, the heartbeat or the
        // drain, and one that throws on a timer's thread would end the process.
        _ = _token.CancelAsync().ContinueWith(
            static (callbacks, handle) => ((RunHandle)handle!).OnBadCallback?.Invoke((RunHandle)handle, callbacks.Exception!),
            this, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Says that the handler has ended and only its disposal is left, which may take as long as its grace.</summary>
    internal void MarkEnded(HandlerEnd end)
    {
        lock (_lock)
        {
            _end = end;
            _timeoutAt = Never;
            if (_overdueAt == Never)
                _overdueAt = TimestampIn(_grace > LeastDisposal ? _grace : LeastDisposal);
        }
    }

    /// <summary>Takes the right to write the run's fate. One caller gets it: the handler's own thread, or whoever gives the handler
    /// up.</summary>
    internal bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    /// <summary>Does what the clock has brought and no timer has done yet.</summary>
    /// <remarks>Timers fire on threads of the pool. Handlers that block can hold all of them, so <see cref="Watchdog"/> calls this from its
    /// own.</remarks>
    internal void FireOverdue()
    {
        bool isTimedOut, isOverdue;
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            isTimedOut = !_disposed && _timeoutAt <= now;
            isOverdue = !_disposed && _overdueAt <= now;
        }

        if (isTimedOut)
            Stop(StopCause.TimedOut);
        if (isOverdue)
            BeOverdue();
    }

    public void MarkSettled() => _settled.TrySetResult();

    public void Dispose()
    {
        lock (_lock)
            _disposed = true;
        _timeout?.Dispose();
        _timeout = null;
        _graceEnd?.Dispose();
        _graceEnd = null;
        // The source itself is left to the collector: a handler that was given up may still look at its token.
    }

    private long TimestampIn(TimeSpan span) => _time.GetTimestamp() + (long)(span.TotalSeconds * _time.TimestampFrequency);

    private void BeOverdueIn(TimeSpan grace)
    {
        var at = TimestampIn(grace);
        if (_isOverdue || at >= _overdueAt)
            return;
        _overdueAt = at;
        _graceEnd?.Dispose();
        _graceEnd = _time.CreateTimer(
            static handle => ((RunHandle)handle!).BeOverdue(), this, grace, System.Threading.Timeout.InfiniteTimeSpan);
    }

    private void BeOverdue()
    {
        lock (_lock)
        {
            if (_disposed || _isOverdue)
                return;
            _isOverdue = true;
            _overdueAt = Never;
        }

        OnOverdue?.Invoke(this);
    }
}
