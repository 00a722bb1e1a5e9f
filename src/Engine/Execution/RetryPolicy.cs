using Fleet.Core.Jobs;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Execution;

/// <summary>The section <c>Fleet:Worker:Retry</c>; a reload of the configuration counts from the next failure.</summary>
public sealed class RetryOptions : RetryRule
{
    public const string Section = "Fleet:Worker:Retry";

    /// <summary>What counts where a setting says nothing, also one that was set to an empty text.</summary>
    internal static readonly RetryRule Defaults = new()
    {
        MaxAttempts = AttemptLimit.Default,
        FirstDelay = TimeSpan.FromSeconds(1),
        Factor = 2,
        MaxDelay = TimeSpan.FromHours(1),
        Jitter = 0.2,
    };

    public RetryOptions()
    {
        MaxAttempts = Defaults.MaxAttempts;
        FirstDelay = Defaults.FirstDelay;
        Factor = Defaults.Factor;
        MaxDelay = Defaults.MaxDelay;
        Jitter = Defaults.Jitter;
    }

    /// <summary>Job name → what differs for it.</summary>
    public Dictionary<string, RetryRule> Jobs { get; set; } = [];

    /// <summary>What is wrong with the values; empty when all is well.</summary>
    public IEnumerable<string> Check() => CheckRule(Section)
        .Concat(Jobs.SelectMany(job => job.Value.CheckRule($"{Section}:Jobs:{job.Key}")));
}

/// <summary>How failed attempts are tried again. A null takes the general rule's value.</summary>
public class RetryRule
{
    /// <summary>Tries in all, the first included: 1–1000. Default: 4.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>The pause before the second try; 0 to 3650 days. Default: 1 s.</summary>
    public TimeSpan? FirstDelay { get; set; }

    /// <summary>How much longer each further pause is: 1–10. Default: 2.</summary>
    public double? Factor { get; set; }

    /// <summary>The longest pause. Default: 1 h.</summary>
    public TimeSpan? MaxDelay { get; set; }

    /// <summary>How far a pause may stray to either side, as a fraction of it: 0–0.5. Default: 0.2.</summary>
    public double? Jitter { get; set; }

    /// <summary>What is wrong with the values; empty when all is well.</summary>
    public IEnumerable<string> CheckRule(string section)
    {
        if (MaxAttempts is < 1 or > 1000)
            yield return $"{section}:MaxAttempts: '{MaxAttempts}' is not allowed; allowed is 1–1000.";
        if (FirstDelay < TimeSpan.Zero || FirstDelay > RunRules.MaxDelay)
            yield return $"{section}:FirstDelay: '{FirstDelay}' is not allowed; allowed is 00:00:00 to 3650 days.";
        if (MaxDelay < TimeSpan.Zero || MaxDelay > RunRules.MaxDelay)
            yield return $"{section}:MaxDelay: '{MaxDelay}' is not allowed; allowed is 00:00:00 to 3650 days.";
        if (Factor is < 1 or > 10 or double.NaN)
            yield return $"{section}:Factor: '{Factor}' is not allowed; allowed is 1–10.";
        if (Jitter is < 0 or > 0.5 or double.NaN)
            yield return $"{section}:Jitter: '{Jitter}' is not allowed; allowed is 0–0.5.";
    }
}

/// <summary>Decides whether and when a failed attempt is tried again. Replaceable through dependency injection.</summary>
public interface IRetryPolicy
{
    /// <summary>The pause before the next try; null when there is none. A pause below 0 counts as 0, one above 3650 days as 3650 days. When
    /// this throws, or takes longer than 10 s, <see cref="RetryPolicy"/> decides in its place.</summary>
    /// <param name="run">The run whose attempt failed.</param>
    /// <param name="job">Its job; null when this process does not know it.</param>
    /// <param name="error">What the handler threw.</param>
    TimeSpan? NextDelay(ClaimedRun run, JobDefinition? job, Exception error);
}

/// <summary>Transient errors are tried again with exponential back-off; <see cref="NonRetryableException"/> is final.
/// The limit is the run's own, else the job's rule in the configuration, else the job's attribute, else the general rule.</summary>
public sealed class RetryPolicy : IRetryPolicy, IRetrySettings, IDisposable
{
    private readonly IDisposable? _reloads;
    private volatile RetryOptions _options;

    public RetryPolicy(IOptionsMonitor<RetryOptions> options)
    {
        _options = options.CurrentValue;
        // Told of values that passed their checks only: after a bad reload, the last good ones stay.
        _reloads = options.OnChange(changed => _options = changed);
    }

    /// <inheritdoc/>
    public int? General => _options.MaxAttempts;

    /// <inheritdoc/>
    public int? OfJob(string job) => _options.Jobs.GetValueOrDefault(job)?.MaxAttempts;

    public void Dispose() => _reloads?.Dispose();

    public TimeSpan? NextDelay(ClaimedRun run, JobDefinition? job, Exception error) => Decide(run, job, error).Delay;

    /// <summary>As <see cref="NextDelay"/>, with the reason.</summary>
    public (TimeSpan? Delay, RetryDecision Decision) Decide(ClaimedRun run, JobDefinition? job, Exception error)
    {
        var general = _options;
        var own = general.Jobs.GetValueOrDefault(run.Job);
        var limit = AttemptLimit.Decide(run.MaxAttempts, own?.MaxAttempts, job?.MaxAttempts, general.MaxAttempts);
        if (error is NonRetryableException)
            return (null, new RetryDecision(RetryVerdict.NotRetryable, limit));
        var used = run.Attempt - run.AttemptOffset;
        if (used >= limit.Max)
            return (null, new RetryDecision(RetryVerdict.AttemptsUsed, limit));
        var delay = error is RetryAfterException after ? JudgeAttempts.Clamp(after.Delay) : BackOff(own, general, used);
        return (delay, new RetryDecision(RetryVerdict.Retried, limit));
    }

    private static TimeSpan BackOff(RetryRule? own, RetryRule general, int used)
    {
        var defaults = RetryOptions.Defaults;
        var first = own?.FirstDelay ?? general.FirstDelay ?? defaults.FirstDelay!.Value;
        var factor = own?.Factor ?? general.Factor ?? defaults.Factor!.Value;
        var longest = own?.MaxDelay ?? general.MaxDelay ?? defaults.MaxDelay!.Value;
        var jitter = own?.Jitter ?? general.Jitter ?? defaults.Jitter!.Value;
        // Capped before it is multiplied: a power may be infinite, and 0 times infinity is no number.
        var growth = Math.Min(double.MaxValue, Math.Pow(factor, used - 1));
        var seconds = Math.Min(longest.TotalSeconds, first.TotalSeconds * growth);
        return TimeSpan.FromSeconds(seconds * (1 + (jitter * ((Random.Shared.NextDouble() * 2) - 1))));
    }
}
