using System.Diagnostics;
using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Workers;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Execution;

/// <summary>Executes claimed runs: calls the handler outside any transaction, then lets <see cref="SettleRuns"/> write what came of
/// it.</summary>
/// <remarks>A handler may do anything: block its thread, never return, throw what cannot be read. The thread that called it is not needed
/// to end its run: whoever finds the handler overdue takes the run from it (<see cref="RunHandle.TryTake"/>).</remarks>
public sealed partial class ExecuteRuns
{
    private readonly JobRegistry _registry;
    private readonly IServiceProvider _services;
    private readonly RunningRuns _running;
    private readonly EnqueueRuns _enqueue;
    private readonly CompleteRuns _complete;
    private readonly RunReports _reports;
    private readonly SettleRuns _settle;
    private readonly UnservedRuns _unserved;
    private readonly IStorage _storage;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly CarefulLogger _logger;
    private readonly Action<RunHandle> _onOverdue;
    private readonly Action<RunHandle, Exception> _onBadCallback;

    public ExecuteRuns(
        JobRegistry registry,
        IServiceProvider services,
        RunningRuns running,
        EnqueueRuns enqueue,
        CompleteRuns complete,
        RunReports reports,
        SettleRuns settle,
        UnservedRuns unserved,
        IStorage storage,
        IOptions<WorkerOptions> options,
        TimeProvider time,
        ILogger<ExecuteRuns> logger)
    {
        (_registry, _services, _running, _enqueue, _complete) = (registry, services, running, enqueue, complete);
        (_reports, _settle, _unserved, _storage, _options, _time) = (reports, settle, unserved, storage, options.Value, time);
        _logger = new CarefulLogger(logger);
        _onOverdue = GiveUp;
        _onBadCallback = (handle, e) => LogBadCallback(handle.Run.Job, handle.Run.Id, RunError.From(e).Message);
    }

    /// <summary>Takes a claimed run in: from here on the process knows it as its own, though it may have to wait for a thread.</summary>
    public RunHandle Admit(ClaimedRun run)
    {
        var job = _registry.Find(run.Job);
        var handle = new RunHandle(run, job?.Timeout ?? _options.DefaultTimeout, _options.StopGrace, _time)
        {
            OnOverdue = _onOverdue,
            OnBadCallback = _onBadCallback,
            Context = new RunContext(run, job?.Name ?? run.Job, _enqueue, _complete, _storage.Sql.Effects.Syntax, _reports, _time, _logger),
        };
        _running.Add(handle);
        return handle;
    }

    /// <inheritdoc cref="ExecuteAsync(RunHandle, Action{TimeSpan})"/>
    public Task ExecuteAsync(ClaimedRun run, Action<TimeSpan> onHandlerEnded) => ExecuteAsync(Admit(run), onHandlerEnded);

    /// <summary>Executes one attempt; returns when its fate is written and its handler has ended.</summary>
    /// <param name="admitted">What was claimed.</param>
    /// <param name="onHandlerEnded">Called with what the handler took once it has ended, before its fate is written; not for a handler
    /// that was given up.</param>
    public async Task ExecuteAsync(RunHandle admitted, Action<TimeSpan> onHandlerEnded)
    {
        using var handle = admitted;
        var run = handle.Run;
        var job = _registry.Find(run.Job);
        var isOurs = false;
        try
        {
            using var scope = _logger.BeginScope(new RunScope(run));
            var activity = Start(run);
            await InvokeAsync(job, handle);
            isOurs = handle.TryTake();
            if (isOurs)
            {
                var took = _time.GetElapsedTime(handle.StartedAt);
                // A run that was not executed says nothing about how long its handlers take.
                if (handle.End!.Error is not UnservedException)
                    onHandlerEnded(took);
                await _settle.ExecuteAsync(handle, job, handle.End, took);
            }

            Stop(activity);
        }
        finally
        {
            // A run that was taken from its handler is settled by whoever took it.
            if (isOurs || handle.TryTake())
                handle.MarkSettled();
            await handle.Settled;
            _running.Remove(handle);
        }
    }

    /// <summary>Calls the handler in its own scope and notes how it ended; then ends the scope.</summary>
    private async Task InvokeAsync(JobDefinition? job, RunHandle handle)
    {
        // Canceled, given back or no longer ours while it waited for a thread: what is left is to write its fate, or nothing.
        if (!handle.TryBegin())
        {
            handle.MarkEnded(HandlerEnd.Of(new OperationCanceledException("The run was stopped before it began.")));
            handle.Context!.Close(isGivenUp: false);
            return;
        }

        CurrentRun.Value = handle;
        AsyncServiceScope? scope = null;
        try
        {
            if (job is null)
                throw new UnservedException($"This worker does not know the job '{handle.Run.Job}'.");
            scope = _services.CreateAsyncScope();
            await job.InvokeAsync(scope.Value.ServiceProvider, handle.Run.Args, handle.Context!, handle.Token);
            handle.MarkEnded(HandlerEnd.Success);
        }
        catch (ArgsRefusedException e) when (job is not null)
        {
            handle.MarkEnded(HandlerEnd.Of(await _unserved.ExplainAsync(job, handle.Run.Args, e)));
        }
        catch (Exception e)
        {
            handle.MarkEnded(HandlerEnd.Of(e, _storage));
        }

        handle.Context!.Close(isGivenUp: false);
        try
        {
            if (scope is { } ended)
                await ended.DisposeAsync();
        }
        catch (Exception e)
        {
            // The work is done, or has failed, by then: what is left behind does not change that.
            LogBadDisposal(handle.Run.Job, handle.Run.Id, new HandlerException(RunError.From(e)));
        }
    }

    /// <summary>Takes a run from a handler that is overdue: the run goes on elsewhere, and the handler keeps its slot until it
    /// ends.</summary>
    private void GiveUp(RunHandle handle)
    {
        // Not on the caller's thread, which is a timer's. ExecuteAsync and the drain wait for the end of it.
        if (handle.TryTake())
            _ = Task.Run(() => GiveUpAsync(handle));
    }

    private async Task GiveUpAsync(RunHandle handle)
    {
        var run = handle.Run;
        try
        {
            using var scope = _logger.BeginScope(new RunScope(run));
            handle.Context!.Close(isGivenUp: true);
            if (handle.End is null)
                LogAbandoned(run.Job, run.Id, handle.Cause, _options.StopGrace);
            else
                LogStillDisposing(run.Job, run.Id);
            await _settle.ExecuteAsync(handle, _registry.Find(run.Job), handle.End ?? HandlerEnd.GivenUp, _time.GetElapsedTime(handle.StartedAt));
        }
        finally
        {
            handle.MarkSettled();
        }
    }

    /// <summary>Starts the run's activity and measures its lateness; listeners that throw do not keep the handler from being
    /// called.</summary>
    private Activity? Start(ClaimedRun run)
    {
        try
        {
            FleetMetrics.Lateness.Record((run.StartedAt - run.DueAt).TotalSeconds, new KeyValuePair<string, object?>("lane", run.Lane));
            if (run is { ScheduleId: { } schedule, FireTime: { } fireTime, Attempt: 1 })
                FleetMetrics.ScheduleLateness.Record((run.StartedAt - fireTime).TotalSeconds, new KeyValuePair<string, object?>("schedule", schedule));
            var activity = FleetMetrics.Activities.StartActivity("run " + run.Job, ActivityKind.Consumer, run.TraceParent);
            activity?.SetTag("fleet.run_id", run.Id.ToString()).SetTag("fleet.lane", run.Lane).SetTag("fleet.attempt", run.Attempt);
            return activity;
        }
        catch (Exception e)
        {
            LogBadListener(run.Job, run.Id, e);
            return null;
        }
    }

    private void Stop(Activity? activity)
    {
        try
        {
            activity?.Dispose();
        }
        catch (Exception e)
        {
            LogBadListener(activity!.OperationName, default, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The handler of {Job} {RunId} ignores its token ({Cause}) for {Grace}; it keeps its slot until it ends.")]
    private partial void LogAbandoned(string job, RunId runId, StopCause cause, TimeSpan grace);

    [LoggerMessage(Level = LogLevel.Error, Message = "The handler of {Job} {RunId} has ended, and the disposal of it or of its services does not; it keeps its slot until then.")]
    private partial void LogStillDisposing(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The handler of {Job} {RunId} has ended, and the disposal of its services failed; the result of the run stands.")]
    private partial void LogBadDisposal(string job, RunId runId, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "A callback on the token of {Job} {RunId} threw: {Error}")]
    private partial void LogBadCallback(string job, RunId runId, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener of metrics or traces threw at {Job} {RunId}; the run goes on without it.")]
    private partial void LogBadListener(string job, RunId runId, Exception e);

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
