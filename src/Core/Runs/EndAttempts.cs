using Fleet.Core.Storage;

namespace Fleet.Core.Runs;

/// <summary>An attempt that ended without success.</summary>
public sealed record AttemptEnd
{
    public required RunId Id { get; init; }

    public required long LeaseToken { get; init; }

    public required AttemptOutcome Outcome { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>Pending, Failed or Canceled.</summary>
    public required RunState Next { get; init; }

    /// <summary>When to run again, for Pending.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>False gives the attempt's number back.</summary>
    public required bool Counts { get; init; }

    /// <summary>For Pending: true when the one who ends the attempt also sends the nudge (<see cref="HoldRetries"/>); else the leader does.</summary>
    public bool Staged { get; init; }

    /// <summary>Whether it shares one row in <c>attempts</c> with equal ends before it (<see cref="Attempt.Times"/>).</summary>
    public bool SharesRow => Outcome is AttemptOutcome.Unserved or AttemptOutcome.Snoozed;

    public string? ErrorType { get; init; }

    public string? Error { get; init; }

    public string? Stack { get; init; }
}

/// <summary>The group commit behind <see cref="FailRuns"/> and <see cref="ReleaseRuns"/> and the end of a canceled run:
/// they write the same two rows and differ in what they put there.</summary>
public sealed class EndAttempts(IStorage storage) : IAsyncDisposable
{
    private readonly GroupCommit<AttemptEnd, SettleOutcome> _group = new(
        "end-attempt",
        (ends, ct) => storage.AutocommitAsync(scope => storage.Statements.EndAttemptAsync(scope.Transaction, ends, ct), ct),
        storage.JudgeBatch);

    public Task<SettleOutcome> ExecuteAsync(AttemptEnd end, CancellationToken ct) => _group.AddAsync(end, ct);

    public ValueTask DisposeAsync() => _group.DisposeAsync();
}
