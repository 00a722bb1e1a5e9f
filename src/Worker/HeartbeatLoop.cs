using System.Collections.Concurrent;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Workers;
using Microsoft.Extensions.Options;

namespace Fleet.Worker;

/// <summary>Renews the leases of this process, hears of cancels whose message was lost, and notices when its runs are no
/// longer its own.</summary>
public sealed partial class HeartbeatLoop(
    Heartbeat heartbeat,
    RegisterWorkers workers,
    WorkerIdentity identity,
    WorkerLanes lanes,
    RunningRuns running,
    ReleaseRuns release,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<HeartbeatLoop> logger) : BackgroundLoop("heartbeat", time, logger)
{
    /// <summary>So many beats at most go by without a look at the runs that the database counts as ours.</summary>
    public const int MaxBlindBeats = 10;

    // The commit of a claim may come later than the failure that its caller saw.
    private const int BeatsInDoubt = 3;

    private HashSet<RunId> _unknown = [];
    private int _blindBeats = MaxBlindBeats;
    private int _beatsInDoubt;

    /// <summary>Lane → the latest due time claimed, in Unix milliseconds.</summary>
    public ConcurrentDictionary<string, long> ClaimedThrough { get; } = new(StringComparer.Ordinal);

    /// <summary>A claim may have gone through whose run is not executed here: the next beats look for it.</summary>
    public void Doubt() => Volatile.Write(ref _beatsInDoubt, BeatsInDoubt);

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        // 1. Before the request: the lease counts from when the database got it, never later.
        var begun = Time.GetTimestamp();
        Pulse pulse;
        try
        {
            pulse = await heartbeat.ExecuteAsync(identity.Id, options.Value.Lease, ClaimedThrough, MustLook(), ct);
        }
        catch (Exception) when (identity.SinceRenewal > options.Value.Lease)
        {
            // 2. The database is out of reach for longer than the lease: others may have taken our runs by now.
            running.StopAll(StopCause.LeaseLost);
            throw;
        }

        // 3. Declared gone (this process was paused, or the clock jumped): a new life under a new id.
        if (!pulse.IsAlive)
        {
            LogGone(identity.Id, running.Count);
            running.StopAll(StopCause.LeaseLost);
            identity.Renewed(await workers.RegisterAsync(lanes.WorkerName, lanes.Slots, options.Value.Lease, ct), begun);
            return options.Value.Heartbeat;
        }

        identity.Renewed(identity.Id, begun);
        if (pulse.Held is not { } held)
        {
            _blindBeats++;
            return options.Value.Heartbeat;
        }

        _blindBeats = 0;
        if (Volatile.Read(ref _beatsInDoubt) > 0)
            Interlocked.Decrement(ref _beatsInDoubt);
        foreach (var canceled in held.Where(h => h.IsCancelRequested))
            running.Stop(canceled.Id, StopCause.Canceled);
        await GiveBackUnknownAsync(held, ct);
        return options.Value.Heartbeat;
    }

    /// <summary>Whether there may be something to learn: a run that goes on since the last beat may have been called off, and one that
    /// is in doubt may be ours. Of runs that are shorter than a beat there is not.</summary>
    private bool MustLook()
    {
        var goesOn = running.MeetAll();
        return goesOn || _unknown.Count > 0 || Volatile.Read(ref _beatsInDoubt) > 0 || _blindBeats >= MaxBlindBeats;
    }

    /// <summary>Gives back runs that the database counts as ours and nobody here executes: the commit of their claim went
    /// through, its answer was lost. Seen twice in a row, because a claim may be on its way to its handler.</summary>
    private async Task GiveBackUnknownAsync(IReadOnlyList<HeldRun> held, CancellationToken ct)
    {
        var unknown = held.Where(h => !running.Contains(h.Id)).ToList();
        foreach (var run in unknown.Where(h => _unknown.Contains(h.Id)))
        {
            LogGivenBack(run.Id);
            await release.ExecuteAsync(run.Id, run.LeaseToken, AttemptOutcome.Released, "The answer to its claim was lost.", TimeSpan.Zero, ct);
        }

        _unknown = unknown.Select(h => h.Id).ToHashSet();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Worker {WorkerId} was declared gone; its {Count} run(s) are no longer its own and it goes on under a new id.")]
    private partial void LogGone(WorkerId workerId, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {RunId} is claimed by this worker but not executed here; it was given back.")]
    private partial void LogGivenBack(RunId runId);
}
