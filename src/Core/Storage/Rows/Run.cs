using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>runs</c>: one request to execute a job, and its whole state.</summary>
public sealed class Run
{
    /// <summary>The state of a run that somebody deleted: the row is a mark, which keeps the id, the idempotency key and the fire time
    /// taken until retention. Queries of EF Core leave it out, unless they say <c>IgnoreQueryFilters</c>.</summary>
    public const RunState DeletedState = (RunState)5;

    public RunId Id { get; set; }

    public string Job { get; set; } = "";

    public string Lane { get; set; } = "";

    public RunState State { get; set; }

    /// <summary>When the run may start, set by the caller, the schedule, or the retry policy.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>False while its nudge still has to be published: planned, delayed, or waiting for a retry.</summary>
    public bool Staged { get; set; }

    /// <summary>The number of the latest attempt. Each claim adds one; a claim that is given back subtracts one.</summary>
    public int Attempt { get; set; }

    /// <summary>Attempts that do not count against the limit: crashes, and all attempts before a replay.</summary>
    public int AttemptOffset { get; set; }

    /// <summary>The limit of the caller; null if the job or the policy decides.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>How often a worker died while executing it, since enqueue or replay.</summary>
    public int Crashes { get; set; }

    /// <summary>How often a person replayed it.</summary>
    public int Replays { get; set; }

    /// <summary>The worker that executes it, or executed it last.</summary>
    public WorkerId? WorkerId { get; set; }

    /// <summary>The fence of the current claim: a new random number with every claim.</summary>
    public long LeaseToken { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    public DateTimeOffset? CancelRequestedAt { get; set; }

    /// <summary>Why it was canceled or asked to stop. Left as it is when the run ends otherwise:
    /// see <see cref="CanceledBecause"/>.</summary>
    public CancelCause? CancelCause { get; set; }

    /// <summary>The cause of the cancel of a canceled run, or of a running run that was asked to stop. Null for every other run.</summary>
    public CancelCause? CanceledBecause =>
        State == RunState.Canceled || (State == RunState.Running && CancelRequestedAt is not null) ? CancelCause : null;

    /// <summary>Who canceled it or asked it to stop. Left as it is when the run ends otherwise, like <see cref="CancelCause"/>.</summary>
    public Actor? CanceledBy { get; set; }

    /// <summary>True for the mark of a run that was deleted.</summary>
    public bool IsDeleted => State == DeletedState;

    /// <summary>When it was deleted. The columns of the cancel are used again, so that no row pays for a column that it never has.
    /// </summary>
    public DateTimeOffset? DeletedAt => IsDeleted ? CancelRequestedAt : null;

    /// <summary>Who deleted it.</summary>
    public Actor? DeletedBy => IsDeleted ? CanceledBy : null;

    /// <summary>The state in which it had ended before it was deleted, in one word.</summary>
    public string? DeletedFrom => IsDeleted ? Error : null;

    /// <summary>See <see cref="NewRun.EnqueuedBy"/>.</summary>
    public Actor? EnqueuedBy { get; set; }

    public string? IdempotencyKey { get; set; }

    /// <summary>Hash of the request with the key, to tell a repetition from a conflict.</summary>
    public byte[]? RequestHash { get; set; }

    public string? ScheduleId { get; set; }

    public DateTimeOffset? FireTime { get; set; }

    /// <summary>What happens if it comes due while another run of the schedule has not ended.</summary>
    public OverlapPolicy Overlap { get; set; }

    /// <summary>True for an occurrence that was planned and then revoked because its schedule changed.</summary>
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

    /// <summary>Of a dead letter: the fingerprint of its error (docs/dead-letters.md). Null for every other run.</summary>
    public string? Fingerprint { get; set; }

    /// <summary>When somebody discarded it: it is failed, and no dead letter any more. Null for every other run.</summary>
    public DateTimeOffset? DiscardedAt { get; set; }

    /// <summary>Who discarded it.</summary>
    public Actor? DiscardedBy { get; set; }

    /// <summary>Why it was discarded, in words for people.</summary>
    public string? DiscardReason { get; set; }

    public double? Progress { get; set; }

    public string? ProgressMessage { get; set; }

    /// <summary>JSON array of strings; null for none.</summary>
    public string? Tags { get; set; }

    /// <summary>W3C <c>traceparent</c> of the caller.</summary>
    public string? TraceParent { get; set; }
}
