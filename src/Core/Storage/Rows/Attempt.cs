namespace Fleet.Core.Storage.Rows;

/// <summary>How an attempt ended, if it did not simply succeed.</summary>
public enum AttemptOutcome
{
    /// <summary>The handler threw.</summary>
    Failed = 0,

    /// <summary>The timeout of the job passed.</summary>
    TimedOut = 1,

    /// <summary>The worker died.</summary>
    Crashed = 2,

    /// <summary>The worker was shut down and gave the run back.</summary>
    Released = 3,

    /// <summary>The handler asked to run later.</summary>
    Snoozed = 4,

    /// <summary>The run was canceled while it ran.</summary>
    Canceled = 5,

    /// <summary>Fleet's database failed during the handler; the attempt is not counted.</summary>
    Outage = 6,

    /// <summary>The worker cannot execute it, because it does not know the job or its version of the job does not fit the args; the attempt
    /// is not counted.</summary>
    Unserved = 7,
}

/// <summary>The row in <c>attempts</c>. A run that succeeds at its first attempt has none.</summary>
public sealed class Attempt
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    /// <summary>From 1. After a released or snoozed attempt, the next attempt gets the same number, so a number can occur more than
    /// once.</summary>
    public int Number { get; set; }

    /// <summary>How many attempts in a row ended like this; more than 1 only for <see cref="AttemptOutcome.Unserved"/> and
    /// <see cref="AttemptOutcome.Snoozed"/>, where they share one row so that a run that waits long does not fill the table.</summary>
    public int Times { get; set; } = 1;

    public WorkerId? WorkerId { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset EndedAt { get; set; }

    public AttemptOutcome Outcome { get; set; }

    public string? ErrorType { get; set; }

    public string? Error { get; set; }

    /// <summary>At most 4,000 characters.</summary>
    public string? Stack { get; set; }

    /// <summary>What the retry policy decided; null if it was not asked.</summary>
    public RetryVerdict? Verdict { get; set; }

    /// <summary>The limit of attempts that the policy applied; null if it was not asked or has none.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>Who set <see cref="MaxAttempts"/>.</summary>
    public AttemptLimitSource? MaxAttemptsFrom { get; set; }
}
