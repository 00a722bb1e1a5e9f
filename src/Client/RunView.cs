using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Client;

/// <summary>A run as lists of the API show it: without args, output and error text.</summary>
/// <remarks>Words such as the state are texts and no member is required, so that the answer of a newer or an older server can still be
/// read.</remarks>
public record RunView
{
    /// <summary>The id: a UUID.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name of the job.</summary>
    public string Job { get; init; } = "";

    /// <summary>The lane in which it waits or ran.</summary>
    public string Lane { get; init; } = "";

    /// <summary><c>pending</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>canceled</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>The number of the current or latest attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>How often it is tried at most, as the caller or the schedule said; null when neither did. <c>attemptLimit</c> of a single
    /// run says what holds.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The earliest instant at which it may start. A retry moves it.</summary>
    public DateTimeOffset DueAt { get; init; }

    /// <summary>When the current or latest attempt started; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null until then.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The schedule that it belongs to; null for none.</summary>
    public string? ScheduleId { get; init; }

    /// <summary>The fire time of its schedule that it belongs to; null when it belongs to none.</summary>
    public DateTimeOffset? FireTime { get; init; }

    /// <summary>The .NET type of the latest error; null when there is none or it has no type.</summary>
    public string? ErrorType { get; init; }

    /// <summary>0 to 1; null when the job reports none.</summary>
    public double? Progress { get; init; }

    /// <summary>What the job said with its progress; null when it said nothing.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>The words that the caller or the schedule gave it.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The id of the worker that executes or executed it; null before the first attempt.</summary>
    public string? Worker { get; init; }

    /// <summary>How often people replayed it.</summary>
    public int Replays { get; init; }

    /// <summary>How many attempts ended because their worker died.</summary>
    public int Crashes { get; init; }

    /// <summary>True while a running run was asked to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Why a canceled run was canceled, or a running run was asked to stop: <c>person</c>, <c>overlap</c>, <c>replaced</c> or
    /// <c>revoked</c>.</summary>
    public string? CancelCause { get; init; }

    /// <summary>Who canceled it or asked it to stop; null for every other run.</summary>
    public ActorView? CanceledBy { get; init; }

    /// <summary>The person who enqueued it, or whoever triggered or backfilled its schedule. Null if a program enqueued it, a schedule
    /// planned it, or it follows another run.</summary>
    public ActorView? EnqueuedBy { get; init; }

    /// <summary>The run whose handler enqueued it; null for none.</summary>
    public string? ParentId { get; init; }

    /// <summary>The idempotency key; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The fingerprint of a dead letter; null for every other run.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>When somebody discarded a failed run, so that it is no dead letter any more; null for every other run.</summary>
    public DateTimeOffset? DiscardedAt { get; init; }

    /// <summary>True in the three states that a run ends in.</summary>
    [JsonIgnore]
    public bool Ended => State is "succeeded" or "failed" or "canceled";
}

/// <summary>A run with all that happened to it.</summary>
public sealed record RunDetailView : RunView
{
    /// <summary>What people call the worker; null if there is none, or it is no longer stored.</summary>
    public string? WorkerName { get; init; }

    /// <summary>The args: a JSON object.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>What the handler returned, as JSON; null until the run has succeeded, or when the handler returns nothing.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>The latest error, or the reason of the cancel.</summary>
    public string? Error { get; init; }

    /// <summary>Who discarded it; null if it was not discarded.</summary>
    public ActorView? DiscardedBy { get; init; }

    /// <summary>Why it was discarded; null if it was not.</summary>
    public string? DiscardReason { get; init; }

    /// <summary>The attempts that did not simply succeed at once, oldest first.</summary>
    public IReadOnlyList<AttemptView> Attempts { get; init; } = [];

    /// <summary>The replays, oldest first.</summary>
    public IReadOnlyList<ReplayView> Lineage { get; init; } = [];

    /// <summary>How many attempts the run gets, and who said so; also where <see cref="RunView.MaxAttempts"/> is null.</summary>
    public AttemptLimitView? AttemptLimit { get; init; }

    /// <summary>How many of its attempts count: neither those before a replay, nor those whose worker died.</summary>
    public int AttemptsUsed { get; init; }
}

/// <summary>How many attempts a run gets.</summary>
public sealed record AttemptLimitView
{
    /// <summary>The number of attempts, the first included.</summary>
    public int Max { get; init; }

    /// <summary><c>run</c>: the caller or the schedule. <c>job</c>: the attribute of the job. <c>jobSetting</c> and <c>setting</c>: a
    /// setting of the workers. Until an attempt has failed, a server without a worker takes the settings to be the defaults.</summary>
    public string From { get; init; } = "";
}

/// <summary>An attempt that did not simply succeed at once.</summary>
public sealed record AttemptView
{
    /// <summary>The number of the attempt, from 1.</summary>
    public int Number { get; init; }

    /// <summary>Such as <c>failed</c>, <c>timedOut</c> or <c>crashed</c>.</summary>
    public string? Outcome { get; init; }

    /// <summary>The id of the worker that executed it.</summary>
    public string? Worker { get; init; }

    /// <summary>What people call the worker; null if it is no longer stored.</summary>
    public string? WorkerName { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The .NET type of its error; null when it had none.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The message of its error; null when it had none.</summary>
    public string? Error { get; init; }

    /// <summary>The stack trace of its error; null when there is none.</summary>
    public string? Stack { get; init; }

    /// <summary>How many attempts in a row ended so; more than 1 where they share a row because none of them counts.</summary>
    public int Times { get; init; } = 1;

    /// <summary>What followed from a counted attempt that failed: <c>retried</c>, <c>attemptsUsed</c>, <c>notRetryable</c>, <c>refused</c>
    /// or <c>policyStopped</c>; null for every other attempt.</summary>
    public string? Verdict { get; init; }

    /// <summary>The limit of attempts that was applied; null if there was none.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Who set that limit: <c>run</c>, <c>jobSetting</c>, <c>job</c> or <c>setting</c>.</summary>
    public string? MaxAttemptsFrom { get; init; }
}

/// <summary>A replay: what the run was before it.</summary>
public sealed record ReplayView
{
    /// <summary>The number of the replay, from 1.</summary>
    public int Number { get; init; }

    /// <summary>When it was replayed.</summary>
    public DateTimeOffset At { get; init; }
    /// <summary>Who replayed it.</summary>
    public ActorView? By { get; init; }

    /// <summary>The state before: <c>failed</c> or <c>canceled</c>.</summary>
    public string? FromState { get; init; }

    /// <summary>The number of the latest attempt before.</summary>
    public int FromAttempt { get; init; }

    /// <summary>The error, or the reason of the cancel, before.</summary>
    public string? FromError { get; init; }

    /// <summary>Who had canceled it; null if it had failed.</summary>
    public ActorView? FromCanceledBy { get; init; }

    /// <summary>When it had ended.</summary>
    public DateTimeOffset? FromFinishedAt { get; init; }

    /// <summary>The args before, with <c>***</c> in the place of each secret; null if the replay did not change them.</summary>
    public JsonElement? FromArgs { get; init; }
}
