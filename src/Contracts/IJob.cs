namespace Fleet;

/// <summary>The handler of a job. One instance per attempt, made in its own dependency-injection scope.</summary>
/// <typeparam name="TArgs">The args type that carries the <see cref="JobAttribute"/>.</typeparam>
public interface IJob<in TArgs>
{
    /// <summary>Does the work. Returning means success; an exception means that this attempt failed and the retry policy decides.</summary>
    /// <param name="args">What the run was enqueued with.</param>
    /// <param name="context">The run at hand.</param>
    /// <param name="ct">Trips on cancel, on timeout, and when the lease was lost; while draining it trips once the drain time is
    /// over.</param>
    /// <remarks>A run may be executed more than once (a worker can die between the work and its completion). Make database
    /// effects exactly-once with <see cref="JobContext.CompleteAsync(System.Data.Common.DbTransaction, CancellationToken)"/>, and give
    /// <see cref="JobContext.RunId"/> to other systems as the idempotency key.</remarks>
    Task RunAsync(TArgs args, JobContext context, CancellationToken ct);
}

/// <summary>The handler of a job that returns a result, stored as the output of the run.</summary>
/// <typeparam name="TArgs">The args type that carries the <see cref="JobAttribute"/>.</typeparam>
/// <typeparam name="TResult">Serializable by System.Text.Json.</typeparam>
public interface IJob<in TArgs, TResult>
{
    /// <inheritdoc cref="IJob{TArgs}.RunAsync"/>
    /// <returns>The output of the run, stored as JSON; at most 256 KiB.</returns>
    Task<TResult> RunAsync(TArgs args, JobContext context, CancellationToken ct);
}
