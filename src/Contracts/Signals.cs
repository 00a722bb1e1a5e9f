namespace Fleet;

/// <summary>Thrown by a handler: this run must not be tried again (the order does not exist, the input is wrong).
/// The run becomes Failed at once. Derive from it for your own business errors.</summary>
public class NonRetryableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Thrown by a handler: try again, but not before this delay. Counts as a failed attempt.</summary>
/// <param name="delay">From now; 0 to 3650 days. Takes the place of the policy's back-off.</param>
/// <param name="message">Why, in words for people.</param>
/// <param name="inner">The cause.</param>
public sealed class RetryAfterException(TimeSpan delay, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long to wait.</summary>
    public TimeSpan Delay { get; } = delay;
}

/// <summary>Thrown by a handler through <see cref="JobContext.Snooze"/>: nothing failed, run again later. Counts no attempt.</summary>
public sealed class SnoozeException(TimeSpan delay, string? reason) : Exception(reason ?? "Snoozed.")
{
    /// <summary>How long to wait.</summary>
    public TimeSpan Delay { get; } = delay;
}

/// <summary>The lease of the run is no longer this worker's: somebody else runs it, or it was canceled. Roll back and stop.</summary>
public sealed class LeaseLostException(RunId runId)
    : Exception($"Run {runId} was taken from this worker; its transaction must not be committed.")
{
    /// <summary>The run that was lost.</summary>
    public RunId RunId { get; } = runId;
}
