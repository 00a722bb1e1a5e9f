using Fleet.Core.Telemetry;
using Fleet.Engine.Execution;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Workers;

/// <summary>Keeps the worker's promises while handlers block the threads of the pool. Timers, continuations and the writing of results all
/// need a thread of the pool, and as many handlers as there are slots may each hold one.</summary>
/// <remarks>It has a thread of its own, which a full pool cannot hold up. A few times a second it stops the handlers that are overdue, and
/// looks whether the pool still executes what it is given. When it does not, the pool may grow by as many threads as it has work
/// waiting; or, in a program whose pool is not Fleet's (<see cref="WorkerOptions.GrowThreadPool"/>), this is logged.</remarks>
public sealed partial class Watchdog : IHostedService, IDisposable
{
    /// <summary>The most threads that the pool may be made to keep ready.</summary>
    public const int MaxThreads = 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);

    /// <summary>A pool that does not get to a piece of work within this time is full.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    /// <summary>After so many looks without a full pool, a minute, it goes back to as many threads as it had.</summary>
    private const int QuietLooks = 600;

    /// <summary>How many threads a full pool gets at least.</summary>
    private const int LeastGrowth = 4;

    // For claiming, settling, heartbeats and the API beside the handlers.
    private const int Reserve = 32;

    private readonly RunningRuns _running;
    private readonly int _most;
    private readonly bool _mayGrow;
    private readonly CarefulLogger _logger;
    private readonly ManualResetEventSlim _stop = new();
    private Thread? _thread;
    private volatile bool _isAnswered = true;
    private long _askedAt;
    private int _readyAtFirst;
    private int _quietLooks;
    private long _warnedAt;

    public Watchdog(RunningRuns running, WorkerLanes lanes, IOptions<WorkerOptions> options, ILogger<Watchdog> logger)
    {
        _mayGrow = options.Value.GrowThreadPool;
        (_running, _logger) = (running, new CarefulLogger(logger));
        _most = Math.Min(MaxThreads, lanes.Slots.Keys.Sum(lanes.MostOf) + Reserve);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "fleet watchdog" };
        _thread.UnsafeStart();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Set();
        _thread?.Join();
        if (_readyAtFirst > 0)
            ShrinkPool();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // A host whose start failed is disposed without having been stopped; the thread would wait on what is gone, and end the process.
        _stop.Set();
        _thread?.Join();
        _stop.Dispose();
    }

    private void Watch()
    {
        while (!_stop.Wait(_running.Count > 0 ? Pause : IdlePause))
        {
            try
            {
                _running.FireOverdue();
                if (_running.Count > 0)
                    LookAtPool();
            }
            catch (Exception e)
            {
                LogFailed(e);
            }
        }
    }

    private void LookAtPool()
    {
        if (_isAnswered)
        {
            if (_readyAtFirst > 0 && ++_quietLooks >= QuietLooks)
                ShrinkPool();
            _isAnswered = false;
            _askedAt = TimeProvider.System.GetTimestamp();
            ThreadPool.UnsafeQueueUserWorkItem(static watchdog => ((Watchdog)watchdog!)._isAnswered = true, this);
            return;
        }

        if (TimeProvider.System.GetElapsedTime(_askedAt) < Patience)
            return;
        if (!_mayGrow)
        {
            WarnOfFullPool();
            return;
        }

        ThreadPool.GetMinThreads(out var ready, out var ports);
        var wanted = Math.Min(_most, ThreadPool.ThreadCount + (int)Math.Clamp(ThreadPool.PendingWorkItemCount, LeastGrowth, _most));
        if (wanted <= ready || !ThreadPool.SetMinThreads(wanted, ports))
            return;
        if (_readyAtFirst == 0)
            _readyAtFirst = ready;
        _quietLooks = 0;
        LogGrown(wanted, _running.Count);
        _askedAt = TimeProvider.System.GetTimestamp();
    }

    private void WarnOfFullPool()
    {
        if (_warnedAt != 0 && TimeProvider.System.GetElapsedTime(_warnedAt) < BetweenWarnings)
            return;
        _warnedAt = TimeProvider.System.GetTimestamp();
        LogFull(ThreadPool.ThreadCount, _running.Count, WorkerOptions.Section);
    }

    /// <summary>Lets the pool end threads again that it no longer needs.</summary>
    private void ShrinkPool()
    {
        ThreadPool.GetMinThreads(out _, out var ports);
        ThreadPool.SetMinThreads(_readyAtFirst, ports);
        _readyAtFirst = _quietLooks = 0;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The thread pool was full for 200 ms; it may use {Threads} threads now. Some handlers of the {Running} "
            + "executing run(s) block their threads: let them await instead, or give their lane fewer slots.")]
    private partial void LogGrown(int threads, int running);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The thread pool with {Threads} threads was full for 200 ms. Some handlers of the {Running} executing run(s) "
            + "block their threads: let them await instead, give their lane fewer slots, or set {Section}:GrowThreadPool.")]
    private partial void LogFull(int threads, int running, string section);

    [LoggerMessage(Level = LogLevel.Error, Message = "The watchdog failed; it continues.")]
    private partial void LogFailed(Exception e);
}
