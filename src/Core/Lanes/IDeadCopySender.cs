namespace Fleet.Core.Lanes;

/// <summary>Shows runs that failed for good to operators of the broker. Separate because nothing in Fleet reads these copies, so a
/// transport may do without.</summary>
public interface IDeadCopySender
{
    /// <summary>Leaves a copy of the run. Best effort: a failure is logged and not thrown, because replay works from the row.</summary>
    Task PublishDeadAsync(DeadRun run, CancellationToken ct);
}

/// <summary>A run that failed for good, as its copy tells it.</summary>
/// <param name="Id">The run.</param>
/// <param name="Job">The job's name.</param>
/// <param name="Lane">The lane.</param>
/// <param name="Args">JSON text. A sender gets it redacted: whoever has the broker sees the copy.</param>
/// <param name="Attempt">The last attempt, from 1.</param>
/// <param name="Error">The message of the error.</param>
/// <param name="ErrorType">The type name of the error.</param>
/// <param name="FailedAt">When the last attempt ended.</param>
public sealed record DeadRun(
    RunId Id, string Job, string Lane, string Args, int Attempt, string Error, string ErrorType, DateTimeOffset FailedAt);
