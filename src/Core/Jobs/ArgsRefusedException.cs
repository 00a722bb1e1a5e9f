namespace Fleet.Core.Jobs;

/// <summary>The args of a run do not fit the job's args type.</summary>
/// <param name="message">Names the job and the problem.</param>
/// <param name="inner">The error of the JSON reader.</param>
public sealed class ArgsRefusedException(string message, Exception? inner = null) : NonRetryableException(message, inner);
