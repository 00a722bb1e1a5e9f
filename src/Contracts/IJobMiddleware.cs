namespace Fleet;

/// <summary>Code that runs around the handlers of one job or of all jobs: for what many handlers have in common, such as a tenant, a
/// metric or the translation of exceptions.</summary>
/// <remarks>
/// <para>Register it with <c>AddFleetJobs(jobs => jobs.Use&lt;TMiddleware&gt;())</c> for all jobs, or with
/// <c>jobs.UseFor&lt;TArgs, TMiddleware&gt;()</c> for one. The first that is registered is the outermost. One instance is made per
/// attempt, in the same dependency-injection scope as the handler.</para>
/// <para>An exception that leaves the outermost middleware ends the attempt as if the handler had thrown it. An exception that a middleware
/// catches did not happen: the run succeeds.</para>
/// </remarks>
public interface IJobMiddleware
{
    /// <summary>Runs around the next middleware, or around the handler.</summary>
    /// <param name="invocation">The call: context, args, and the result after <paramref name="next"/>.</param>
    /// <param name="next">Calls the next middleware; the last one calls the handler. Call it at most once and await it. If it is not
    /// called, the handler does not run and the run succeeds.</param>
    /// <param name="ct">The token that the handler would get. Pass it on, or a token linked to it.</param>
    Task InvokeAsync(JobInvocation invocation, JobStep next, CancellationToken ct);
}

/// <summary>Calls the rest of the middleware and the handler.</summary>
/// <param name="ct">The token for all of them.</param>
/// <exception cref="InvalidOperationException">It was called before, or after its middleware had returned.</exception>
public delegate Task JobStep(CancellationToken ct);

/// <summary>One call of a handler, as middleware sees it.</summary>
/// <param name="context">The run at hand; the handler gets the same object.</param>
/// <param name="args">The args that the handler gets.</param>
public sealed class JobInvocation(JobContext context, object args)
{
    /// <summary>The run at hand; the handler gets the same object.</summary>
    public JobContext Context { get; } = context;

    /// <summary>The args that the handler gets.</summary>
    public object Args { get; } = args;

    /// <summary>What the handler returned. Null until it has returned, and for a job without a result.</summary>
    /// <remarks>A middleware may replace it. The value after the outermost middleware has returned is stored as the output of the run;
    /// for a job without a result, null leaves the output of <see cref="JobContext.SetOutput"/>.</remarks>
    public object? Result { get; set; }
}
