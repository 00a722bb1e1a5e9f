using System.Collections.Concurrent;
using Fleet.Core.Runs;

namespace Fleet.Worker;

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

/// <summary>One run under way in this process: its token, and why that tripped.</summary>
public sealed class RunHandle : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _grace;
    private readonly CancellationTokenSource _token = new();
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private ITimer? _timeout;
    private ITimer? _graceEnd;
    private bool _disposed;

    /// <param name="run">The claimed run.</param>
    /// <param name="timeout">After which its token trips; null for never.</param>
    /// <param name="grace">How long the handler may take to stop after that.</param>
    /// <param name="time">The clock.</param>
    public RunHandle(ClaimedRun run, TimeSpan? timeout, TimeSpan grace, TimeProvider time)
    {
        Run = run;
        Timeout = timeout;
        _grace = grace;
        _time = time;
        if (timeout is { } after)
            _timeout = time.CreateTimer(_ => Stop(StopCause.TimedOut), null, after, System.Threading.Timeout.InfiniteTimeSpan);
    }

    public ClaimedRun Run { get; }

    public TimeSpan? Timeout { get; }

    /// <summary>Whether a heartbeat has met it before.</summary>
    public bool IsMet { get; set; }

    /// <summary>What the handler sees.</summary>
    public CancellationToken Token => _token.Token;

    /// <summary>The first cause; only a lost lease replaces another.</summary>
    public StopCause Cause { get; private set; }

    /// <summary>Ends when the handler did not stop within its grace.</summary>
    public Task Abandoned => _abandoned.Task;

    /// <summary>Ends when the run's fate is written, or is no longer ours to write.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Asks the handler to stop.</summary>
    public void Stop(StopCause cause) => Stop(cause, _grace);

    /// <inheritdoc cref="Stop(StopCause)"/>
    public void Stop(StopCause cause, TimeSpan grace)
    {
        lock (_lock)
        {
            if (_disposed || (Cause != StopCause.None && cause != StopCause.LeaseLost))
                return;
            Cause = cause;
            _graceEnd ??= _time.CreateTimer(_ => _abandoned.TrySetResult(), null, grace, System.Threading.Timeout.InfiniteTimeSpan);
        }

        _token.Cancel();
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
}

/// <summary>The runs under way in this process.</summary>
public sealed class RunningRuns
{
    private readonly ConcurrentDictionary<RunId, RunHandle> _handles = new();

    public int Count => _handles.Count;

    public ICollection<RunHandle> All => _handles.Values;

    public bool Contains(RunId id) => _handles.ContainsKey(id);

    public void Add(RunHandle handle) => _handles[handle.Run.Id] = handle;

    /// <summary>Removes this handle, not one that a later claim of the same run has put in its place.</summary>
    public void Remove(RunHandle handle) => _handles.TryRemove(new KeyValuePair<RunId, RunHandle>(handle.Run.Id, handle));

    /// <summary>Meets all runs under way.</summary>
    /// <returns>Whether one of them was met before.</returns>
    public bool MeetAll()
    {
        var again = false;
        foreach (var (_, handle) in _handles)
        {
            again |= handle.IsMet;
            handle.IsMet = true;
        }

        return again;
    }

    public void Stop(RunId id, StopCause cause)
    {
        if (_handles.TryGetValue(id, out var handle))
            handle.Stop(cause);
    }

    public void StopAll(StopCause cause)
    {
        foreach (var handle in All)
            handle.Stop(cause);
    }
}
