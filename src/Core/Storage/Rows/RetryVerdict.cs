namespace Fleet.Core.Storage.Rows;

/// <summary>What followed from a counted attempt that failed. The numbers are stored.</summary>
public enum RetryVerdict
{
    /// <summary>The run is tried again.</summary>
    Retried = 1,

    /// <summary>It was the last attempt that the limit allows.</summary>
    AttemptsUsed = 2,

    /// <summary>The handler said that another attempt is of no use (<see cref="NonRetryableException"/>).</summary>
    NotRetryable = 3,

    /// <summary>The output or an effect can never be stored, so another attempt is of no use.</summary>
    Refused = 4,

    /// <summary>The retry policy of the application said no.</summary>
    PolicyStopped = 5,
}

/// <summary>Who set the limit of attempts. The numbers are stored.</summary>
public enum AttemptLimitSource
{
    /// <summary>The caller, or the schedule: <see cref="Run.MaxAttempts"/>.</summary>
    Run = 1,

    /// <summary>The rule for the job in the worker's settings: <c>Fleet:Worker:Retry:Jobs:JOB:MaxAttempts</c>.</summary>
    JobSetting = 2,

    /// <summary>The attribute of the job.</summary>
    Job = 3,

    /// <summary>The worker's general setting: <c>Fleet:Worker:Retry:MaxAttempts</c>.</summary>
    Setting = 4,
}

/// <summary>How many attempts a run gets, and who said so.</summary>
/// <param name="Max">The number of attempts, the first included.</param>
/// <param name="From">Who set it.</param>
public readonly record struct AttemptLimit(int Max, AttemptLimitSource From)
{
    /// <summary>The limit where nobody sets one.</summary>
    public const int Default = 4;

    /// <summary>The limit of a run: its own, else the job's rule in the settings, else that of the job's attribute, else the general
    /// setting.</summary>
    public static AttemptLimit Decide(int? ofRun, int? jobSetting, int? ofJob, int? setting) =>
        ofRun is { } run ? new(run, AttemptLimitSource.Run)
        : jobSetting is { } rule ? new(rule, AttemptLimitSource.JobSetting)
        : ofJob is { } job ? new(job, AttemptLimitSource.Job)
        : new(setting ?? Default, AttemptLimitSource.Setting);
}

/// <summary>What the retry policy decided about a failed attempt.</summary>
/// <param name="Verdict">What follows.</param>
/// <param name="Limit">The limit that it applied; null if it has none.</param>
public readonly record struct RetryDecision(RetryVerdict Verdict, AttemptLimit? Limit);
