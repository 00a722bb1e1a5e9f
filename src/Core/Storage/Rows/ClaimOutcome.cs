namespace Fleet.Core.Storage.Rows;

/// <summary>The result of a claim.</summary>
public enum ClaimStatus
{
    /// <summary>The worker has the run.</summary>
    Claimed = 0,

    /// <summary>The run has ended, another worker has it, or it does not exist: drop the nudge.</summary>
    Duplicate = 1,

    /// <summary>The nudge came before the due time.</summary>
    NotDue = 2,

    /// <summary>The worker was declared gone and needs a new id.</summary>
    WorkerGone = 3,

    /// <summary>The run is due and has to pass gates: the verb <c>PassGates</c> claims it.</summary>
    Gated = 4,
}

/// <summary>The result of one claim.</summary>
/// <param name="Status">What came of it.</param>
/// <param name="Run">The run, when it was claimed.</param>
/// <param name="Pending">The run, when it is pending and was not claimed.</param>
public readonly record struct ClaimOutcome(ClaimStatus Status, ClaimedRun? Run = null, PendingRun? Pending = null)
{
    /// <summary>When a due run is tried again that became claimable only while it was being claimed.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static ClaimOutcome Duplicate { get; } = new(ClaimStatus.Duplicate);

    public static ClaimOutcome WorkerGone { get; } = new(ClaimStatus.WorkerGone);

    /// <summary>For <see cref="ClaimStatus.NotDue"/>: when the claim is tried again.</summary>
    public DateTimeOffset? DueAt => Pending?.DueAt;

    /// <summary>The outcome for a pending run that was not claimed.</summary>
    /// <param name="run">The run.</param>
    /// <param name="now">The time of the claim.</param>
    /// <param name="passedGates">True if it had passed the gates.</param>
    public static ClaimOutcome Left(PendingRun run, DateTimeOffset now, bool passedGates) =>
        run.HurdleAt(now, passedGates) switch
        {
            ClaimHurdle.NotDue => new ClaimOutcome(ClaimStatus.NotDue, Pending: run),
            ClaimHurdle.Gated => new ClaimOutcome(ClaimStatus.Gated, Pending: run),
            _ => Refused(run, now + Pause),
        };

    /// <summary>The outcome for a run that has to wait.</summary>
    /// <param name="run">The run.</param>
    /// <param name="tryAgainAt">When the claim is tried again. Null: somebody nudges the run when it may start.</param>
    public static ClaimOutcome Refused(PendingRun run, DateTimeOffset? tryAgainAt) =>
        tryAgainAt is { } at ? new ClaimOutcome(ClaimStatus.NotDue, Pending: run with { DueAt = at }) : Duplicate;
}
