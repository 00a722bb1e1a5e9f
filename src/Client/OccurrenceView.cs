namespace Fleet.Client;

/// <summary>What became of a fire time that has passed, or of several that were missed together.</summary>
public sealed record OccurrenceView
{
    /// <summary>The fire time; the last of several.</summary>
    public DateTimeOffset FireTime { get; init; }

    /// <summary><c>waiting</c>, <c>running</c>, <c>retrying</c>, <c>succeeded</c>, <c>failed</c> (for good, a dead letter),
    /// <c>canceled</c>, <c>skipped</c>, <c>replaced</c>, <c>revoked</c>, <c>missed</c> or <c>deleted</c>.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>The id of its run; null if there is none, as for a fire time that was missed.</summary>
    public string? Run { get; init; }

    /// <summary>The start of the first attempt; null if it has not started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the run ended; null if it has not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How long after the fire time it started, or has been waiting; null if it never will.</summary>
    public TimeSpan? LateBy { get; init; }

    /// <summary>How long the last attempt took, or has taken; null if there was none.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Number of fire times; more than 1 only for missed ones.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The first of several missed fire times; null for one.</summary>
    public DateTimeOffset? First { get; init; }
}
