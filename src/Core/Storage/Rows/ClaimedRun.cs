namespace Fleet.Core.Storage.Rows;

/// <summary>Everything that a worker needs to execute a run.</summary>
public sealed record ClaimedRun
{
    public required RunId Id { get; init; }

    public required string Job { get; init; }

    public required string Lane { get; init; }

    public required string Args { get; init; }

    public required int Attempt { get; init; }

    public required int AttemptOffset { get; init; }

    public required int? MaxAttempts { get; init; }

    public required long LeaseToken { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? FireTime { get; init; }

    /// <summary>JSON array of strings.</summary>
    public string? Tags { get; init; }

    public string? TraceParent { get; init; }

    /// <summary>True when other runs may wait for its end (<c>IRunGates.PassOnAsync</c>).</summary>
    public bool PassesOn { get; init; }
}
