namespace Fleet.Core.Storage.Rows;

/// <summary>An attempt that ended without success.</summary>
public sealed record AttemptEnd
{
    public required RunId Id { get; init; }

    public required long LeaseToken { get; init; }

    public required AttemptOutcome Outcome { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>Pending, Failed or Canceled.</summary>
    public required RunState Next { get; init; }

    /// <summary>For Pending: when the run is due again.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>False: the next attempt gets the same number.</summary>
    public required bool Counts { get; init; }

    /// <summary>For Pending: true when the one who ends the attempt also sends the nudge (<c>HoldRetries</c>);
    /// else the leader does.</summary>
    public bool Staged { get; init; }

    /// <summary>True if it shares one row in <c>attempts</c> with the same kind of end before it (<see cref="Attempt.Times"/>).</summary>
    public bool SharesRow => Outcome is AttemptOutcome.Unserved or AttemptOutcome.Snoozed;

    public string? ErrorType { get; init; }

    public string? Error { get; init; }

    public string? Stack { get; init; }

    /// <summary>What the retry policy decided; null if it was not asked.</summary>
    public RetryDecision? Decision { get; init; }

    /// <summary>The fingerprint of the error if the run fails for good; otherwise null.</summary>
    public string? Fingerprint => Next == RunState.Failed ? Text.Fingerprint.Of(ErrorType, Error, Stack) : null;

    /// <summary>What was written, by the state that the run has got.</summary>
    public SettleOutcome Became(RunState state) =>
        Next == RunState.Pending && state == RunState.Canceled ? SettleOutcome.Canceled : SettleOutcome.Settled;
}
