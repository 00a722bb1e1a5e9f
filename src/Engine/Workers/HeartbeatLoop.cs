using System.Collections.Concurrent;
using System.Diagnostics;
using Fleet.Core.Actors;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Workers;
using Fleet.Engine.Execution;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Workers;

/// <summary>Renews the leases of this process, hears of cancels whose message was lost, and notices when its runs are no
/// longer its own.</summary>
/// <remarks>On a thread and a connection of its own: handlers may block every thread of the pool and hold every connection of the
/// storage's, and the worker still counts as alive. What a beat finds out is dealt with on the pool.</remarks>
public sealed partial class HeartbeatLoop(
    Heartbeat heartbeat,
    RegisterWorkers workers,
    DrainWorkers drain,
    IStorage storage,
    DatabaseClock clock,
    WorkerIdentity identity,
    WorkerLanes lanes,
    WorkerStanding standing,
    RunningRuns running,
    ReleaseRuns release,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<HeartbeatLoop> logger)
{
    /// <summary>Maximum number of beats between reads of the runs that the database counts as ours.</summary>
    public const int MaxBlindBeats = 10;

    // The commit of a claim may come later than the failure that its caller saw.
    private const int BeatsInDoubt = 3;

    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly KeyValuePair<string, object?> Tag = new("loop", "heartbeat");

    private static readonly TimeSpan ConfirmPause = TimeSpan.FromMilliseconds(50);

    private HashSet<RunLease> _unknown = [];
    private int _blindBeats = MaxBlindBeats;
    private int _beatsInDoubt;
    private int _failures;
    private bool _isStopping;
    private bool _mustConfirm;
    private volatile OwnThread? _thread;
    private volatile OwnThread? _watch;
    private OwnConnection? _connection;
    private Task _learning = Task.CompletedTask;

    /// <summary>Lane → the latest due time claimed, in Unix milliseconds.</summary>
    public ConcurrentDictionary<string, long> ClaimedThrough { get; } = new(StringComparer.Ordinal);

    /// <summary>A call fails after this: half of the lease, so that a connection that has died is replaced before the lease is over, and a
    /// server that is merely slow is not given up.</summary>
    private TimeSpan CallLimit => options.Value.Lease / 2 < LongestCall ? options.Value.Lease / 2 : LongestCall;

    /// <summary>A claim may have gone through whose run is not executed here: the next beats look for it.</summary>
    public void Doubt() => Volatile.Write(ref _beatsInDoubt, BeatsInDoubt);

    /// <summary>Starts the next beat now.</summary>
    public void Wake() => _thread?.Wake();

    /// <summary>Beats until the token trips.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        _thread = new OwnThread("fleet-heartbeat", Pass, time, logger);
        // Apart, because a beat may hang on its connection at the moment when the lease ends.
        _watch = new OwnThread("fleet-lease", WatchLease, time, logger);
        using var stopping = ct.Register(() => Volatile.Write(ref _isStopping, true));
        await Task.WhenAll(_thread.RunAsync(ct), _watch.RunAsync(ct));
        _connection?.Dispose();
        await _learning;
    }

    private TimeSpan Pass()
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            Beat();
            if (_failures > 0)
                LogWorksAgain(_failures);
            _failures = 0;
            return _mustConfirm && ConfirmPause < options.Value.Heartbeat ? ConfirmPause : options.Value.Heartbeat;
        }
        catch (Exception) when (Volatile.Read(ref _isStopping))
        {
            return TimeSpan.Zero;
        }
        catch (Exception e)
        {
            // Short pauses also after an hour: when the database is back, the lease must be renewed before the leader's patience ends.
            var pause = FirstPause * Math.Pow(2, Math.Min(_failures++, 10));
            if (pause > options.Value.Heartbeat)
                pause = options.Value.Heartbeat;
            FleetMetrics.LoopFailures.Add(1, Tag);
            if (int.IsPow2(_failures))
                LogFailed(_failures, pause, e);
            return pause;
        }
        finally
        {
            FleetMetrics.LoopDuration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, Tag);
        }
    }

    private void Beat()
    {
        // 1. Before the request: the lease counts from when the database got it, never later.
        var begun = time.GetTimestamp();
        var worker = identity.Id;
        // Not while the last look is still being dealt with: it would be dealt with twice.
        var look = MustLook() && _learning.IsCompleted;
        _connection ??= storage.OpenOwn(CallLimit);
        var wasSettled = standing.IsSettled;
        var pulse = heartbeat.Execute(_connection, worker, options.Value.Lease, ClaimedThrough, look, standing.Describe());

        // 2. Declared gone (this process stood still, or could not reach the database): a new life under a new id.
        if (!pulse.IsAlive)
        {
            LogGone(worker, running.Count);
            running.StopAll(StopCause.LeaseLost);
            begun = time.GetTimestamp();
            Renewed(RegisterAgain(), begun);
            return;
        }

        Renewed(worker, begun);
        // Who paused a lane waits to hear that nothing of it is claimed any more: the next beat says so, and comes soon.
        _mustConfirm = standing.Apply(pulse.Standing!) || !wasSettled;
        clock.Observe(pulse.Clock, time.GetUtcNow());
        if (pulse.Held is not { } held)
        {
            _blindBeats++;
            return;
        }

        _blindBeats = 0;
        if (Volatile.Read(ref _beatsInDoubt) > 0)
            Interlocked.Decrement(ref _beatsInDoubt);
        _learning = LearnAsync(held);
    }

    private void Renewed(WorkerId worker, long begun)
    {
        identity.Renewed(worker, begun);
        _watch?.Wake();
    }

    private WorkerId RegisterAgain()
    {
        using var limit = new CancellationTokenSource(options.Value.Lease);
        return Task.Run(RegisterAsync, limit.Token).GetAwaiter().GetResult();

        async Task<WorkerId> RegisterAsync()
        {
            var id = await workers.RegisterAsync(lanes.WorkerName, lanes.Slots, options.Value.Lease, limit.Token);
            // Whoever drained this process did not mean its id.
            if (standing.IsDrained)
                await drain.DrainAsync(id, $"It was drained as worker {identity.Id}.", ThisProcess.Worker, limit.Token);
            return id;
        }
    }

    /// <summary>Tells the handlers that the lease is over as soon as it is, whatever the beat hangs on: from then on another worker may
    /// have the runs.</summary>
    private TimeSpan WatchLease()
    {
        var left = options.Value.Lease - identity.SinceRenewal;
        if (left > TimeSpan.Zero)
            return left;
        if (!identity.IsOver)
        {
            identity.IsOver = true;
            LogOver(options.Value.Lease, running.Count);
        }

        running.StopAll(StopCause.LeaseLost);
        // Those that nobody takes meanwhile are given back when a beat gets through.
        Doubt();
        return options.Value.Heartbeat;
    }

    /// <summary>Whether there may be something to learn: a run that goes on since the last beat may have been called off, and one that
    /// is in doubt may be ours. Of runs that are shorter than a beat there is not.</summary>
    private bool MustLook()
    {
        var goesOn = running.MeetAll();
        return goesOn || _unknown.Count > 0 || Volatile.Read(ref _beatsInDoubt) > 0 || _blindBeats >= MaxBlindBeats;
    }

    private async Task LearnAsync(IReadOnlyList<HeldRun> held)
    {
        // Found out here and now: what is not known at this moment may be by the time the pool has a thread.
        var unknown = held
            .Where(h => !running.IsAsked(h.Id) && !running.Holds(h.Id, h.LeaseToken))
            .Select(h => new RunLease(h.Id, h.LeaseToken))
            .ToHashSet();
        var lost = unknown.Where(_unknown.Contains).ToList();
        _unknown = unknown;
        foreach (var canceled in held.Where(h => h.IsCancelRequested))
            running.Stop(canceled.Id, StopCause.Canceled);
        foreach (var run in lost)
            await GiveBackAsync(run);
    }

    /// <summary>Gives back a run that the database counts as ours and nobody here executes: the commit of its claim went
    /// through, its answer was lost. Seen twice in a row, because it may have ended between the look and the answer.</summary>
    private async Task GiveBackAsync(RunLease run)
    {
        try
        {
            LogGivenBack(run.Id);
            await release.ExecuteAsync(
                run.Id, run.LeaseToken, AttemptOutcome.Released, "The answer to its claim was lost.",
                TimeSpan.Zero, CancellationToken.None);
        }
        catch (Exception e)
        {
            Doubt();
            LogNotGivenBack(run.Id, e);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Worker {WorkerId} was declared gone. It has lost its {Count} run(s) and continues under a new id.")]
    private partial void LogGone(WorkerId workerId, int count);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "No heartbeat succeeded for a whole lease ({Lease}): {Count} run(s) are asked to stop, "
            + "because other workers may be executing them by now.")]
    private partial void LogOver(TimeSpan lease, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The heartbeat failed {Failures} time(s) in a row; next try in {Pause}.")]
    private partial void LogFailed(int failures, TimeSpan pause, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "The heartbeat works again after {Failures} failure(s).")]
    private partial void LogWorksAgain(int failures);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} is claimed by this worker but not executed here; it was given back.")]
    private partial void LogGivenBack(RunId runId);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Run {RunId}, which is claimed by this worker but not executed here, could not be given back; "
            + "a later heartbeat tries again.")]
    private partial void LogNotGivenBack(RunId runId, Exception e);
}
