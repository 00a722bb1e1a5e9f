using Fleet.Core.Actors;

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

    /// <summary>True if the process that stores the run also publishes its nudge right after the commit.</summary>
    public required bool Staged { get; init; }

    public int? MaxAttempts { get; init; }

    public string? IdempotencyKey { get; init; }

    public byte[]? RequestHash { get; init; }

    /// <summary>JSON array of strings.</summary>
    public string? Tags { get; init; }

    public string? TraceParent { get; init; }

    /// <summary>The person who enqueued it, or whoever triggered or backfilled its schedule. Null for every other run: a program enqueued
    /// it, a schedule planned it, or it follows another run. Most runs are of these, and storing the same text with each would make every
    /// insert more expensive.</summary>
    public Actor? EnqueuedBy { get; init; }

    public RunId? ParentId { get; init; }

    public string? ScheduleId { get; init; }

    public DateTimeOffset? FireTime { get; init; }

    /// <summary>What happens to it while another run of the schedule has not ended.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>True if a run with this id, key or occurrence may exist already. False only if the id was created for this row.</summary>
    public bool MayExist { get; init; } = true;
}
