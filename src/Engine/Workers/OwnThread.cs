namespace Fleet.Engine.Workers;

/// <summary>A thread of its own that does something, waits, and does it again. Handlers that block all threads of the pool do not hold it
/// up: by the machine's clock it needs none of them, not even a timer.</summary>
/// <param name="name">The thread's name.</param>
/// <param name="pass">Does it; returns how long to wait.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of what a pass throws.</param>
internal sealed partial class OwnThread(string name, Func<TimeSpan> pass, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan AfterAnError = TimeSpan.FromSeconds(1);

    private const int StackSize = 512 * 1024;

    private readonly object _monitor = new();
    private bool _isWoken;
    private volatile bool _isStopping;

    /// <summary>Ends the wait now, or the next one.</summary>
    public void Wake()
    {
        lock (_monitor)
        {
            _isWoken = true;
            Monitor.Pulse(_monitor);
        }
    }

    /// <summary>Runs until the token trips.</summary>
    /// <returns>Ends with the thread.</returns>
    public Task RunAsync(CancellationToken ct)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stop = ct.Register(() =>
        {
            _isStopping = true;
            Wake();
        });
        var thread = new Thread(Run, StackSize) { IsBackground = true, Name = name };
        thread.Start();
        return ended.Task;

        void Run()
        {
            while (!_isStopping)
                Wait(Pass());
            stop.Dispose();
            ended.SetResult();
        }
    }

    private TimeSpan Pass()
    {
        try
        {
            return pass();
        }
        catch (Exception e)
        {
            // It would end the process.
            LogFailed(name, e);
            return AfterAnError;
        }
    }

    private void Wait(TimeSpan pause)
    {
        if (pause <= TimeSpan.Zero)
            return;
        var isOwnClock = ReferenceEquals(time, TimeProvider.System);
        // A clock of a test brings the end of the wait by its own timer.
        using var timer = isOwnClock ? null : time.CreateTimer(_ => Wake(), null, pause, Timeout.InfiniteTimeSpan);
        lock (_monitor)
        {
            if (!_isWoken)
                Monitor.Wait(_monitor, isOwnClock ? pause : Timeout.InfiniteTimeSpan);
            _isWoken = false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An error in Fleet itself occurred on the thread {Thread}; the thread continues.")]
    private partial void LogFailed(string thread, Exception e);
}
