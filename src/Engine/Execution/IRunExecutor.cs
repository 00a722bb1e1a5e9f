using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Execution;

/// <summary>Does the work of an attempt: in this process, or elsewhere.</summary>
/// <remarks>The seam for work that does not run in the worker's process, such as a container. Claiming, the lease, timeout, cancel, retries
/// and the result are the engine's, whatever does the work. Register another one as a service to replace
/// <see cref="InProcessExecutor"/>.</remarks>
public interface IRunExecutor
{
    /// <summary>Does the work and returns when it has ended. What it throws is judged as the exception of a handler: by the retry policy,
    /// as an outage, or as a signal such as <see cref="NonRetryableException"/>.</summary>
    /// <param name="job">The job of the run.</param>
    /// <param name="run">What was claimed.</param>
    /// <param name="services">The scope of the attempt. It is disposed after the work has ended.</param>
    /// <param name="context">Takes progress, log lines and output.</param>
    /// <param name="ct">Trips on cancel, timeout, drain and a lost lease. After the grace the work is given up.</param>
    Task ExecuteAsync(JobDefinition job, ClaimedRun run, IServiceProvider services, JobContext context, CancellationToken ct);
}

/// <summary>Calls the middleware and the handler in this process.</summary>
public sealed class InProcessExecutor : IRunExecutor
{
    public Task ExecuteAsync(JobDefinition job, ClaimedRun run, IServiceProvider services, JobContext context, CancellationToken ct) =>
        job.InvokeAsync(services, run.Args, context, ct);
}
