using Fleet.Core.Jobs;
using Fleet.Core.Storage;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;
using Fleet.Engine.Workers;

namespace Fleet.Engine.Execution;

/// <summary>The first step of an attempt: the executor does the work in a dependency-injection scope of its own, and the handle keeps how
/// it ended.</summary>
public sealed partial class InvokeHandlers(
    IServiceProvider services, IRunExecutor executor, UnservedRuns unserved, IStorage storage, ILogger<InvokeHandlers> logger)
{
    private readonly CarefulLogger _logger = new(logger);

    /// <summary>Invokes the handler. Returns when its scope is disposed; <see cref="RunHandle.End"/> is set before that.
    /// Never throws.</summary>
    internal async Task ExecuteAsync(JobDefinition? job, RunHandle handle)
    {
        // The run was canceled, given back or lost while it waited for a thread. Only its end is left to be written.
        if (!handle.TryBegin())
        {
            handle.MarkEnded(HandlerEnd.Of(
                new OperationCanceledException("The run was stopped before it began."), SecretValues.None));
            handle.Context!.Close(isGivenUp: false);
            return;
        }

        CurrentRun.Value = handle;
        AsyncServiceScope? scope = null;
        try
        {
            if (job is null)
                throw new UnservedException($"This worker does not know the job '{handle.Run.Job}'.");
            scope = services.CreateAsyncScope();
            await executor.ExecuteAsync(job, handle.Run, scope.Value.ServiceProvider, handle.Context!, handle.Token);
            handle.MarkEnded(HandlerEnd.Success);
        }
        catch (ArgsRefusedException e) when (job is not null)
        {
            handle.MarkEnded(HandlerEnd.Of(await unserved.ExplainAsync(job, handle.Run.Args, e), handle.Secrets));
        }
        catch (Exception e)
        {
            handle.MarkEnded(HandlerEnd.Of(e, handle.Secrets, storage));
        }

        handle.Context!.Close(isGivenUp: false);
        try
        {
            if (scope is { } ended)
                await ended.DisposeAsync();
        }
        catch (Exception e)
        {
            // The work has succeeded or failed already. A failed disposal does not change that.
            LogBadDisposal(handle.Run.Job, handle.Run.Id, new HandlerException(RunError.From(e, handle.Secrets)));
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The handler of {Job} {RunId} has ended, and the disposal of its services failed; the result of the run stands.")]
    private partial void LogBadDisposal(string job, RunId runId, Exception e);
}
