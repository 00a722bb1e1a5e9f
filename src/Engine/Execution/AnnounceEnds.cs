using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;

namespace Fleet.Engine.Execution;

/// <summary>The last step of an attempt: tells those who wait for its end. The end is stored by then, so the scheduler finds whatever fails
/// here.</summary>
public sealed partial class AnnounceEnds(IRunGates gates, EnqueueRuns enqueue, DeadCopies dead, Wakers wakers, ILogger<AnnounceEnds> logger)
{
    private readonly CarefulLogger _logger = new(logger);

    /// <summary>Lets the runs go on that waited at a gate for this one, copies a dead letter, and starts the delivery of follow-up runs and
    /// events. Never throws.</summary>
    internal async Task ExecuteAsync(RunHandle handle, SettledAttempt settled)
    {
        var run = handle.Run;
        try
        {
            if (run.PassesOn)
                await gates.PassOnAsync(run.Id, CancellationToken.None);
            if (settled.Dead is { } letter)
                dead.Add(letter);
            if (!settled.IsSuccess)
                return;
            var context = handle.Context!;
            if (context.FollowUps.Count > 0)
                enqueue.Announce(context.FollowUps, [.. context.FollowUps.Select(f => new EnqueueOutcome(EnqueueStatus.Inserted, f.Id))]);
            if (context.HasEvents)
                wakers.Outbox.Wake();
        }
        catch (Exception e)
        {
            LogNotAnnounced(run.Job, run.Id, e);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What follows the end of {Job} {RunId} failed: a nudge, or the copy of a dead letter; the run itself has ended.")]
    private partial void LogNotAnnounced(string job, RunId runId, Exception e);
}
