namespace Fleet.Core.Jobs;

/// <summary>This process cannot run the run at hand, though a worker of another version may: it does not know the job, or the args lack
/// what its version of the job needs. No attempt is counted.</summary>
/// <param name="message">Why, beginning with the field or the job.</param>
/// <param name="inner">What the args reader said; null for an unknown job.</param>
public sealed class UnservedException(string message, Exception? inner = null) : Exception(message, inner);
