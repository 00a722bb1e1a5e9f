using Fleet.Core.Effects;
using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Core.Text;

namespace Fleet.Engine.Execution;

/// <summary>The second step of an attempt: decides what its end means, and when a failed run is tried again.</summary>
public sealed partial class JudgeAttempts(IRetryPolicy retry, RetryPolicy builtIn, TimeProvider time, ILogger<JudgeAttempts> logger)
{
    private static readonly TimeSpan PolicyLimit = TimeSpan.FromSeconds(10);

    private readonly CarefulLogger _logger = new(logger);

    /// <summary>A delay within 0 and 3650 days.</summary>
    internal static TimeSpan Clamp(TimeSpan delay) =>
        delay < TimeSpan.Zero ? TimeSpan.Zero : delay > RunRules.MaxDelay ? RunRules.MaxDelay : delay;

    /// <summary>What the end of an attempt means; null is success.</summary>
    internal static AttemptOutcome? Judge(RunHandle handle, HandlerEnd end) => (end.Error, handle.Cause) switch
    {
        (null, _) => null,
        (SnoozeException, StopCause.None) => AttemptOutcome.Snoozed,
        (UnservedException, not (StopCause.Canceled or StopCause.LeaseLost)) => AttemptOutcome.Unserved,
        (_, StopCause.Canceled) => AttemptOutcome.Canceled,
        (_, StopCause.TimedOut) => AttemptOutcome.TimedOut,
        (_, StopCause.Drained) => AttemptOutcome.Released,
        (_, StopCause.None) when end.IsOutage => AttemptOutcome.Outage,
        _ => AttemptOutcome.Failed,
    };

    /// <summary>Describes a failed attempt and asks the retry policy.</summary>
    internal async Task<FailureVerdict> JudgeFailureAsync(RunHandle handle, JobDefinition? job, AttemptOutcome outcome, HandlerEnd end)
    {
        var (error, described) = (end.Error!, end.Described!);
        if (outcome == AttemptOutcome.TimedOut)
        {
            error = new TimeoutException($"The attempt took longer than the job's timeout of {handle.Timeout:c}.", error);
            var isOnlyStopped = end.Error is OperationCanceledException || ReferenceEquals(end, HandlerEnd.GivenUp);
            described = RunError.From(isOnlyStopped ? new TimeoutException(error.Message) : error, handle.Secrets);
        }

        var (delay, decision) = await DecideAsync(handle, job, error);
        return new FailureVerdict(error, described, delay, decision);
    }

    /// <summary>Asks the policy. A policy of the application may throw, never return, or name a delay that no clock reaches.</summary>
    private async Task<(TimeSpan? Delay, RetryDecision Decision)> DecideAsync(RunHandle handle, JobDefinition? job, Exception error)
    {
        var run = handle.Run;
        if (error is OutputRefusedException or EffectRefusedException)
            return (null, new RetryDecision(RetryVerdict.Refused, null));
        if (ReferenceEquals(retry, builtIn))
            return builtIn.Decide(run, job, error);
        try
        {
            var delay = await Task.Run(() => retry.NextDelay(run, job, error)).WaitAsync(PolicyLimit, time);
            return (delay is { } pause ? Clamp(pause) : null,
                new RetryDecision(delay is null ? RetryVerdict.PolicyStopped : RetryVerdict.Retried, null));
        }
        catch (Exception e)
        {
            LogBadPolicy(run.Job, run.Id, RunError.From(e, handle.Secrets).Message);
            return builtIn.Decide(run, job, error);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The retry policy failed for {Job} {RunId}, and the built-in policy decided: {Error}")]
    private partial void LogBadPolicy(string job, RunId runId, string error);
}

/// <summary>What follows from a failed attempt.</summary>
/// <param name="Error">What the retry policy was asked about.</param>
/// <param name="Described">The error that is stored.</param>
/// <param name="Delay">The time until the next attempt; null when there is none.</param>
/// <param name="Decision">Why, for people who ask later.</param>
internal readonly record struct FailureVerdict(Exception Error, RunError Described, TimeSpan? Delay, RetryDecision Decision);
