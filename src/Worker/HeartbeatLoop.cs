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
    private HashSet<RunId> _unknown = [];

    /// <summary>Lane → the latest due time claimed, in Unix milliseconds.</summary>
    public ConcurrentDictionary<string, long> ClaimedThrough { get; } = new(StringComparer.Ordinal);

    protected override async Task<TimeSpan> PassAsync(CancellationToken ct)
    {
        // 1. Before the request: the lease counts from when the database got it, never later.
        var begun = Time.GetTimestamp();
        Pulse pulse;
        try
        {
            pulse = await heartbeat.ExecuteAsync(identity.Id, options.Value.Lease, ClaimedThrough, ct);
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
        foreach (var held in pulse.Held.Where(h => h.IsCancelRequested))
            running.Stop(held.Id, StopCause.Canceled);
        await GiveBackUnknownAsync(pulse.Held, ct);
        return options.Value.Heartbeat;
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
