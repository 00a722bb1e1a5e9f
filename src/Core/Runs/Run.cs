using Fleet.Core.Schedules;
using Fleet.Core.Workers;

namespace Fleet.Core.Runs;

/// <summary>The row in <c>runs</c>: one request to execute a job, and its whole state.</summary>
public sealed class Run
{
    public RunId Id { get; set; }

    public string Job { get; set; } = "";

    public string Lane { get; set; } = "";

    public RunState State { get; set; }

    /// <summary>When it may start, as said at enqueue, by the schedule, or by the retry policy.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>False while somebody still has to publish its nudge: planned, delayed, or waiting for a retry.</summary>
    public bool Staged { get; set; }

    /// <summary>The number of the latest try; grows with every claim, shrinks when a claim is given back.</summary>
    public int Attempt { get; set; }

    /// <summary>Attempts that the limit does not count: crashes, and all those before a replay.</summary>
    public int AttemptOffset { get; set; }

    /// <summary>The caller's own limit; null when job and policy decide.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>How often its worker died while running it, since enqueue or replay.</summary>
    public int Crashes { get; set; }

    /// <summary>How often a person replayed it.</summary>
    public int Replays { get; set; }

    /// <summary>Who runs it, or ran it last.</summary>
    public WorkerId? WorkerId { get; set; }

    /// <summary>The fence of the current claim: a new random number with every claim.</summary>
    public long LeaseToken { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    public DateTimeOffset? CancelRequestedAt { get; set; }

    public string? IdempotencyKey { get; set; }

    /// <summary>Hash of the request that brought the key, to tell a repeat from a conflict.</summary>
    public byte[]? RequestHash { get; set; }

    public string? ScheduleId { get; set; }

    public DateTimeOffset? FireTime { get; set; }

    /// <summary>What becomes of it when it comes due while another run of the schedule has not ended.</summary>
    public OverlapPolicy Overlap { get; set; }

    /// <summary>True for an occurrence that was planned and then called off because its schedule changed.</summary>
    public bool Revoked { get; set; }

    /// <summary>The run whose handler enqueued this one.</summary>
    public RunId? ParentId { get; set; }

    /// <summary>JSON text.</summary>
    public string Args { get; set; } = "{}";

    /// <summary>JSON text.</summary>
    public string? Output { get; set; }

    public string? ErrorType { get; set; }

    /// <summary>The latest error, or the reason of the cancel.</summary>
    public string? Error { get; set; }

    public double? Progress { get; set; }

    public string? ProgressMessage { get; set; }

    /// <summary>JSON array of strings; null for none.</summary>
    public string? Tags { get; set; }

    /// <summary>W3C <c>traceparent</c> of the caller.</summary>
    public string? TraceParent { get; set; }
}

/// <summary>How an attempt ended that did not simply succeed at once.</summary>
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

    /// <summary>Fleet's database failed under the handler; the attempt is not counted.</summary>
    Outage = 6,

    /// <summary>The worker cannot run it, because it does not know the job or lacks what the args need; the attempt is not
    /// counted.</summary>
    Unserved = 7,
}

/// <summary>The row in <c>attempts</c>. A run that succeeds at its first attempt has none.</summary>
public sealed class Attempt
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    /// <summary>From 1. A released or snoozed attempt gives its number back, so a number can occur more than once.</summary>
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
}

/// <summary>The row in <c>replays</c>: what a run was before a person sent it round again.</summary>
public sealed class Replay
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    public int Number { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Who asked, as far as known.</summary>
    public string By { get; set; } = "";

    public RunState FromState { get; set; }

    public int FromAttempt { get; set; }

    public string? FromError { get; set; }

    public DateTimeOffset? FromFinishedAt { get; set; }
}

/// <summary>The row in <c>run_logs</c>.</summary>
public sealed class RunLogLine
{
    public long Id { get; set; }

    public RunId RunId { get; set; }

    public int Attempt { get; set; }

    public DateTimeOffset At { get; set; }

    public JobLogLevel Level { get; set; }

    public string Message { get; set; } = "";
}
