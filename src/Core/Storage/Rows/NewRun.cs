namespace Fleet.Core.Storage.Rows;

/// <summary>A run that is about to be stored.</summary>
public sealed record NewRun
{
    public required RunId Id { get; init; }

    public required string Job { get; init; }

    public required string Lane { get; init; }

    /// <summary>JSON text.</summary>
    public required string Args { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset DueAt { get; init; }

    /// <summary>True when the one who stores it also publishes its nudge right after the commit.</summary>
    public required bool Staged { get; init; }

    public int? MaxAttempts { get; init; }

    public string? IdempotencyKey { get; init; }

    public byte[]? RequestHash { get; init; }

    /// <summary>JSON array of strings.</summary>
    public string? Tags { get; init; }

    public string? TraceParent { get; init; }

    public RunId? ParentId { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? FireTime { get; init; }

    /// <summary>What becomes of it while another run of the schedule has not ended.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>Whether a run with this id, key or occurrence may be stored already. False only where the id was made for this row.</summary>
    public bool MayExist { get; init; } = true;
}
