using Fleet.Core.Loops;
using Fleet.Core.Storage.Rows;

namespace Fleet.Testing;

/// <summary>A run that was claimed and has not ended.</summary>
internal sealed class RunUnderWay(ClaimedRun run)
{
    private int _waits;
    private int _limits;
    private int _waitsEnded;
    private int _stoppedAt = -1;

    public ClaimedRun Run => run;

    /// <summary>Set when a timer of the run was set, and when the run has ended.</summary>
    public Signal Changed { get; } = new();

    public Task Execution { get; private set; } = Task.CompletedTask;

    /// <summary>Timers of its handler that are set. While there is one, the handler is taken to wait for it.</summary>
    public int Waits
    {
        get => Volatile.Read(ref _waits);
        set
        {
            if (value < _waits)
                Interlocked.Increment(ref _waitsEnded);
            Volatile.Write(ref _waits, value);
        }
    }

    /// <summary>Timers that end it: the job's timeout, the grace after it.</summary>
    public int Limits
    {
        get => Volatile.Read(ref _limits);
        set => Volatile.Write(ref _limits, value);
    }

    /// <summary>It waits for nothing that the clock brings, but its limit.</summary>
    public bool Hangs { get; set; }

    /// <summary>Whether all that can be done before the clock moves on is done.</summary>
    public bool IsAtRest => Execution.IsCompleted || Hangs || (Waits > 0 && !IsStopping);

    /// <summary>Whether its token has tripped, on another thread, and that has not reached any of the timers that it waits for.</summary>
    public bool IsStopping => Volatile.Read(ref _stoppedAt) == Volatile.Read(ref _waitsEnded);

    /// <summary>Its token is about to trip: while it is stopping, it only seems to be at rest.</summary>
    public void BeginStop()
    {
        var ended = Volatile.Read(ref _waitsEnded);
        Volatile.Write(ref _stoppedAt, Waits > 0 ? ended : -1);
    }

    /// <summary>It ignores its token.</summary>
    public void EndStop() => Volatile.Write(ref _stoppedAt, -1);

    public void Start(VirtualTime time, Func<Task> execute)
    {
        Execution = time.RunAsync(this, execute);
        _ = Execution.ContinueWith(
            _ => Changed.Set(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
