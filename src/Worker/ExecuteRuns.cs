using System.Diagnostics;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Telemetry;
using Microsoft.Extensions.Options;

namespace Fleet.Worker;

/// <summary>Executes claimed runs: calls the handler outside any transaction, then settles what came of it.</summary>
public sealed partial class ExecuteRuns(
    JobRegistry registry,
    IServiceProvider services,
    RunningRuns running,
    EnqueueRuns enqueue,
    CompleteRuns complete,
    FailRuns fail,
    ReleaseRuns release,
    EndAttempts ends,
    TakeTurns turns,
    RunReports reports,
    IRetryPolicy retry,
    IStorage storage,
    ILaneTransport transport,
    Wakers wakers,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<ExecuteRuns> logger)
{
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(500);

    /// <summary>Executes one attempt; returns when its fate is written and its handler has ended.</summary>
    /// <param name="run">What was claimed.</param>
    /// <param name="onHandlerEnded">Called with what the handler took once it has ended, before its fate is written; not for a handler
    /// that was given up.</param>
    public async Task ExecuteAsync(ClaimedRun run, Action<TimeSpan> onHandlerEnded)
    {
        var job = registry.Find(run.Job);
        using var handle = new RunHandle(run, job?.Timeout ?? options.Value.DefaultTimeout, options.Value.StopGrace, time);
        running.Add(handle);
        using var activity = StartActivity(run);
        using var scope = logger.BeginScope(new RunScope(run));
        var start = time.GetTimestamp();
        FleetMetrics.Lateness.Record((run.StartedAt - run.DueAt).TotalSeconds, new KeyValuePair<string, object?>("lane", run.Lane));
        if (run is { ScheduleId: { } schedule, FireTime: { } fireTime, Attempt: 1 })
            FleetMetrics.ScheduleLateness.Record((run.StartedAt - fireTime).TotalSeconds, new KeyValuePair<string, object?>("schedule", schedule));

        var context = new RunContext(run, job?.Name ?? run.Job, enqueue, complete, reports, time, logger);
        var handler = InvokeAsync(job, context, handle);
        try
        {
            // A handler that does not stop within its grace is given up: its run goes on elsewhere, its slot stays taken.
            var isAbandoned = !handler.IsCompleted && await Task.WhenAny(handler, handle.Abandoned) != handler;
            var error = isAbandoned ? new TimeoutException("The handler did not stop when asked to.") : await handler;
            var took = time.GetElapsedTime(start);
            if (isAbandoned)
                LogAbandoned(run.Job, run.Id, handle.Cause, options.Value.StopGrace);
            else
                onHandlerEnded(took);
            await SettleAsync(handle, job, context, error, took);
        }
        finally
        {
            handle.MarkSettled();
            await handler;
            running.Remove(handle);
        }
    }

    /// <summary>Nudges the run that waited for this one; when that fails, the scheduler finds it.</summary>
    private async Task PassOnAsync(ClaimedRun run)
    {
        try
        {
            await turns.PassOnAsync(run.Id, CancellationToken.None);
        }
        catch (Exception e) when (storage.IsOutage(e))
        {
            LogNotPassedOn(run.Job, run.Id, e);
        }
    }

    /// <summary>Calls the handler in its own scope.</summary>
    /// <returns>What it threw; null when it returned.</returns>
    private async Task<Exception?> InvokeAsync(JobDefinition? job, RunContext context, RunHandle handle)
    {
        try
        {
            if (job is null)
                throw new InvalidOperationException($"This worker does not know the job '{handle.Run.Job}'.");
            await using var scope = services.CreateAsyncScope();
            await job.InvokeAsync(scope.ServiceProvider, handle.Run.Args, context, handle.Token);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async Task SettleAsync(RunHandle handle, JobDefinition? job, RunContext context, Exception? error, TimeSpan took)
    {
        var run = handle.Run;
        var outcome = Judge(handle, error);
        FleetMetrics.Attempts.Add(1, new("job", run.Job), new("outcome", outcome?.ToString() ?? "Succeeded"));
        FleetMetrics.Duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("job", run.Job));
        if (handle.Cause == StopCause.LeaseLost && error is not null)
        {
            LogLeaseLost(run.Job, run.Id);
            return;
        }

        // The decision is made once; only its writing is repeated while the database is away.
        DeadRun? dead = null;
        var settle = outcome switch
        {
            null => () => complete.ExecuteAsync(context.MakeCompletion(), CancellationToken.None),
            AttemptOutcome.Released => () => release.ExecuteAsync(
                run.Id, run.LeaseToken, AttemptOutcome.Released, "The worker was shut down.", TimeSpan.Zero, CancellationToken.None),
            AttemptOutcome.Snoozed => () => release.ExecuteAsync(
                run.Id, run.LeaseToken, AttemptOutcome.Snoozed, error!.Message, Clamp(((SnoozeException)error).Delay), CancellationToken.None),
            AttemptOutcome.Canceled => () => ends.ExecuteAsync(Canceled(run), CancellationToken.None),
            _ => FailWith(handle, job, outcome.Value, error!, out dead),
        };
        var settled = await PersistAsync(run, settle);
        if (settled == SettleOutcome.LeaseLost)
        {
            LogLeaseLost(run.Job, run.Id);
            return;
        }

        if (run.IsInTurn)
            await PassOnAsync(run);
        if (dead is not null)
        {
            await transport.PublishDeadAsync(dead, CancellationToken.None);
        }
        else if (outcome is null)
        {
            if (context.FollowUps.Count > 0)
                enqueue.Announce(context.FollowUps, [.. context.FollowUps.Select(f => new EnqueueOutcome(EnqueueStatus.Inserted, f.Id))]);
            if (context.HasEvents)
                wakers.Outbox.Wake();
        }
    }

    /// <summary>What an attempt's end means; null is success.</summary>
    private static AttemptOutcome? Judge(RunHandle handle, Exception? error) => (error, handle.Cause) switch
    {
        (null, _) => null,
        (SnoozeException, StopCause.None) => AttemptOutcome.Snoozed,
        (_, StopCause.Canceled) => AttemptOutcome.Canceled,
        (_, StopCause.TimedOut) => AttemptOutcome.TimedOut,
        (_, StopCause.Drained) => AttemptOutcome.Released,
        _ => AttemptOutcome.Failed,
    };

    /// <param name="dead">What is to be told of a run that is not tried again.</param>
    private Func<Task<SettleOutcome>> FailWith(RunHandle handle, JobDefinition? job, AttemptOutcome outcome, Exception error, out DeadRun? dead)
    {
        var run = handle.Run;
        if (outcome == AttemptOutcome.TimedOut)
            error = new TimeoutException($"The attempt took longer than the job's timeout of {handle.Timeout:c}.", error);
        var delay = retry.NextDelay(run, job, error);
        DateTimeOffset? retryAt = delay is { } pause ? time.GetUtcNow() + pause : null;
        if (delay is { } next)
            LogRetry(run.Job, run.Id, run.Attempt, next, error.Message);
        else
            // Where a handler says in words that it will never work, the words are enough.
            LogDead(run.Job, run.Id, run.Attempt, error.Message, error is NonRetryableException ? null : error);
        var told = RunError.From(error);
        dead = retryAt is null ? new DeadRun(run.Id, run.Job, run.Lane, run.Args, run.Attempt, told.Message, told.Type, time.GetUtcNow()) : null;
        return () => fail.ExecuteAsync(new Failure(run, outcome, told, retryAt), CancellationToken.None);
    }

    /// <summary>Writes until it is written. The run stays ours as long as heartbeats get through; once they do not, another
    /// worker takes it and the fence refuses this write.</summary>
    private async Task<SettleOutcome> PersistAsync(ClaimedRun run, Func<Task<SettleOutcome>> settle)
    {
        while (true)
        {
            try
            {
                return await settle();
            }
            catch (Exception e) when (storage.IsOutage(e) || storage.IsConflict(e))
            {
                LogNotSettled(run.Job, run.Id, SettlePause, e);
                await Task.Delay(SettlePause, time);
            }
        }
    }

    private AttemptEnd Canceled(ClaimedRun run) => new()
    {
        Id = run.Id,
        LeaseToken = run.LeaseToken,
        Outcome = AttemptOutcome.Canceled,
        EndedAt = time.GetUtcNow(),
        Next = RunState.Canceled,
        Counts = true,
    };

    private static TimeSpan Clamp(TimeSpan delay) => delay < TimeSpan.Zero ? TimeSpan.Zero : delay > RunRules.MaxDelay ? RunRules.MaxDelay : delay;

    private static Activity? StartActivity(ClaimedRun run)
    {
        var activity = FleetMetrics.Activities.StartActivity("run " + run.Job, ActivityKind.Consumer, run.TraceParent);
        activity?.SetTag("fleet.run_id", run.Id.ToString()).SetTag("fleet.lane", run.Lane).SetTag("fleet.attempt", run.Attempt);
        return activity;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attempt {Attempt} of {Job} {RunId} failed; next try in {Delay}: {Error}")]
    private partial void LogRetry(string job, RunId runId, int attempt, TimeSpan delay, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Job} {RunId} failed for good at attempt {Attempt}: {Error}")]
    private partial void LogDead(string job, RunId runId, int attempt, string error, Exception? e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} {RunId} is no longer this worker's; its result was dropped.")]
    private partial void LogLeaseLost(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The handler of {Job} {RunId} ignores its token ({Cause}) for {Grace}; it keeps its slot until it ends.")]
    private partial void LogAbandoned(string job, RunId runId, StopCause cause, TimeSpan grace);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The end of {Job} {RunId} could not be written; again in {Pause}.")]
    private partial void LogNotSettled(string job, RunId runId, TimeSpan pause, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run that waits for {Job} {RunId} could not be looked for; the scheduler finds it.")]
    private partial void LogNotPassedOn(string job, RunId runId, Exception e);

    /// <summary>Puts run id and trace id on every log line of the attempt, without a dictionary per run.</summary>
    private sealed class RunScope(ClaimedRun run) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => 2;

        public KeyValuePair<string, object?> this[int index] => index == 0
            ? new("RunId", run.Id)
            : new("TraceId", Activity.Current?.TraceId.ToString() ?? run.TraceParent);

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            yield return this[0];
            yield return this[1];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => "run " + run.Id;
    }
}
