namespace Fleet.Core.Storage.Rows;

/// <summary>What came of a claim.</summary>
public enum ClaimStatus
{
    /// <summary>The run is the worker's.</summary>
    Claimed = 0,

    /// <summary>The run has ended, is somebody else's, or does not exist: drop the nudge.</summary>
    Duplicate = 1,

    /// <summary>The nudge came before the due time.</summary>
    NotDue = 2,

    /// <summary>The worker itself was declared gone: it must take a new identity.</summary>
    WorkerGone = 3,

    /// <summary>It may run only in its turn: the verb <c>TakeTurns</c> decides.</summary>
    NeedsTurn = 4,
}

/// <summary>The result of one claim.</summary>
/// <param name="Status">What came of it.</param>
/// <param name="Run">The run, when it was claimed.</param>
/// <param name="DueAt">When it is due, when it is not yet.</param>
public readonly record struct ClaimOutcome(ClaimStatus Status, ClaimedRun? Run = null, DateTimeOffset? DueAt = null)
{
    /// <summary>When a run on its last chance is tried again that could not be claimed beside another such run.</summary>
    public static readonly TimeSpan LastChancePause = TimeSpan.FromSeconds(1);

    public static ClaimOutcome Duplicate { get; } = new(ClaimStatus.Duplicate);

    public static ClaimOutcome WorkerGone { get; } = new(ClaimStatus.WorkerGone);

    /// <summary>Of a run that is pending, and yet was not claimed.</summary>
    /// <param name="dueAt">When it is due.</param>
    /// <param name="takesTurns">Whether its schedule does not allow overlap.</param>
    /// <param name="now">When it was to be claimed.</param>
    /// <param name="inTurn">Whether it was its turn.</param>
    public static ClaimOutcome Left(DateTimeOffset dueAt, bool takesTurns, DateTimeOffset now, bool inTurn)
    {
        if (dueAt > now)
            return new ClaimOutcome(ClaimStatus.NotDue, DueAt: dueAt);
        // It takes turns, or is on its last chance and has to wait for another such run to end.
        return takesTurns && !inTurn
            ? new ClaimOutcome(ClaimStatus.NeedsTurn)
            : new ClaimOutcome(ClaimStatus.NotDue, DueAt: now + LastChancePause);
    }
}
