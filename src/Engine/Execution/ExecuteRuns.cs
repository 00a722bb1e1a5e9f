using Fleet.Core.Jobs;
using Fleet.Core.Runs;
using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Workers;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Execution;

/// <summary>Executes claimed runs in four steps: <see cref="InvokeHandlers"/> calls the handler, <see cref="JudgeAttempts"/> decides what
/// its end means, <see cref="SettleRuns"/> writes that, <see cref="AnnounceEnds"/> tells others.</summary>
/// <remarks>A handler may do anything: block its thread, never return, throw what cannot be read. The thread that called it is not needed
/// to end its run: whoever finds the handler overdue takes the run from it (<see cref="RunHandle.TryTake"/>).</remarks>
public sealed partial class ExecuteRuns
{
    private readonly JobRegistry _registry;
    private readonly RunningRuns _running;
    private readonly RunContexts _contexts;
    private readonly InvokeHandlers _invoke;
    private readonly SettleRuns _settle;
    private readonly AnnounceEnds _announce;
    private readonly RunTelemetry _telemetry;
    private readonly RecordEnds _ends;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly CarefulLogger _logger;
    private readonly Action<RunHandle> _onOverdue;
    private readonly Action<RunHandle, Exception> _onBadCallback;

    public ExecuteRuns(
        JobRegistry registry,
        RunningRuns running,
        RunContexts contexts,
        InvokeHandlers invoke,
        SettleRuns settle,
        AnnounceEnds announce,
        RunTelemetry telemetry,
        RecordEnds ends,
        IOptions<WorkerOptions> options,
        TimeProvider time,
        ILogger<ExecuteRuns> logger)
    {
        (_registry, _running, _contexts) = (registry, running, contexts);
        (_invoke, _settle, _announce, _telemetry, _ends) = (invoke, settle, announce, telemetry, ends);
        (_options, _time, _logger) = (options.Value, time, new CarefulLogger(logger));
        _onOverdue = GiveUp;
        _onBadCallback = (handle, e) => LogBadCallback(handle.Run.Job, handle.Run.Id, RunError.From(e, handle.Secrets).Message);
    }

    /// <summary>Takes a claimed run in: from here on the process knows it as its own, though it may have to wait for a thread.</summary>
    public RunHandle Admit(ClaimedRun run)
    {
        var job = _registry.Find(run.Job);
        var handle = new RunHandle(run, job?.Timeout ?? _options.DefaultTimeout, _options.StopGrace, _time)
        {
            OnOverdue = _onOverdue,
            OnBadCallback = _onBadCallback,
            Context = _contexts.Make(run, job),
        };
        _running.Add(handle);
        return handle;
    }

    /// <inheritdoc cref="ExecuteAsync(RunHandle, Action{TimeSpan})"/>
    public Task ExecuteAsync(ClaimedRun run, Action<TimeSpan> onHandlerEnded) => ExecuteAsync(Admit(run), onHandlerEnded);

    /// <summary>Executes one attempt. Returns when its end is written and its handler has ended.</summary>
    /// <param name="admitted">What was claimed.</param>
    /// <param name="onHandlerEnded">Called with the time that the handler took, once it has ended and before its end is written; not called
    /// for a handler that was given up.</param>
    public async Task ExecuteAsync(RunHandle admitted, Action<TimeSpan> onHandlerEnded)
    {
        using var handle = admitted;
        var job = _registry.Find(handle.Run.Job);
        var isOurs = false;
        try
        {
            using var scope = _logger.BeginScope(new RunScope(handle.Run));
            var activity = _telemetry.Start(handle.Run);
            await _invoke.ExecuteAsync(job, handle);
            isOurs = handle.TryTake();
            if (isOurs)
            {
                var took = _time.GetElapsedTime(handle.StartedAt);
                // A run that was not executed says nothing about how long its handlers take.
                if (handle.End!.Error is not UnservedException)
                    onHandlerEnded(took);
                await EndAsync(handle, job, handle.End, took);
            }

            _telemetry.Stop(activity);
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

    /// <summary>Judges, settles and announces the end of an attempt, of which the caller has the right to write it. Never throws.</summary>
    private async Task EndAsync(RunHandle handle, JobDefinition? job, HandlerEnd end, TimeSpan took)
    {
        try
        {
            var outcome = JudgeAttempts.Judge(handle, end);
            _telemetry.Measure(handle.Run, outcome, took);
            var settled = outcome is null
                ? await _settle.SucceedAsync(handle, job)
                : await _settle.EndAsync(handle, job, outcome.Value, end);
            Count(handle, end, settled, took);
            if (settled.Outcome == SettleOutcome.LeaseLost)
                _settle.TellLost(handle.Run);
            else
                await _announce.ExecuteAsync(handle, settled);
        }
        catch (Exception e)
        {
            LogNotDecided(handle.Run.Job, handle.Run.Id, e);
            Count(handle, end, await _settle.FailUndecidedAsync(handle.Run), took);
        }
    }

    private void Count(RunHandle handle, HandlerEnd end, SettledAttempt settled, TimeSpan took)
    {
        // Whatever the handler did after it had committed its run: the run has succeeded.
        if (settled.Outcome == SettleOutcome.LeaseLost && handle.Context!.IsCommitted)
            _ends.Add(handle.Run, RollupOutcome.Succeeded, took);
        else if (settled.Outcome != SettleOutcome.LeaseLost)
            _ends.Add(handle.Run, settled.End, end.Error is UnservedException ? null : took);
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
            await EndAsync(handle, _registry.Find(run.Job), handle.End ?? HandlerEnd.GivenUp, _time.GetElapsedTime(handle.StartedAt));
        }
        finally
        {
            handle.MarkSettled();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The handler of {Job} {RunId} ignores its token ({Cause}) for {Grace}; it keeps its slot until it ends.")]
    private partial void LogAbandoned(string job, RunId runId, StopCause cause, TimeSpan grace);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The handler of {Job} {RunId} has ended, and the disposal of it or of its services does not; "
            + "it keeps its slot until then.")]
    private partial void LogStillDisposing(string job, RunId runId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A callback on the token of {Job} {RunId} threw: {Error}")]
    private partial void LogBadCallback(string job, RunId runId, string error);

    [LoggerMessage(
        Level = LogLevel.Critical,
        Message = "The end of {Job} {RunId} could not be decided, which is an error of Fleet; the run is Failed.")]
    private partial void LogNotDecided(string job, RunId runId, Exception e);
}

/// <summary>Makes the contexts that handlers get.</summary>
public sealed class RunContexts(
    EnqueueRuns enqueue, CompleteRuns complete, IStorage storage, RunReports reports, TimeProvider time, ILogger<ExecuteRuns> logger)
{
    private readonly CarefulLogger _logger = new(logger);

    internal RunContext Make(ClaimedRun run, JobDefinition? job) =>
        new(run, job, enqueue, complete, storage.Effects.Syntax, reports, time, _logger);
}
