namespace Fleet.Core.Jobs;

/// <summary>The args of a run do not fit the job's args type.</summary>
/// <param name="message">Names the job, and what does not fit.</param>
/// <param name="inner">What the reader said.</param>
public sealed class ArgsRefusedException(string message, Exception? inner = null) : NonRetryableException(message, inner);
