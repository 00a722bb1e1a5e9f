using System.ComponentModel.DataAnnotations;

namespace Fleet.Client;

/// <summary>Which fire times of the past are to have a run, and how fast.</summary>
public sealed record BackfillBody
{
    /// <summary>The beginning of the range (included), ISO 8601 with offset.</summary>
    [Required]
    public string? From { get; init; }

    /// <summary>The end of the range (not included), ISO 8601 with offset.</summary>
    [Required]
    public string? Until { get; init; }

    /// <summary>How many runs come due in a minute, 1 to 60,000. Left out: 60.</summary>
    [Range(1, 60_000)]
    public int? PerMinute { get; init; }

    /// <summary>Left out: the schedule's lane.</summary>
    public string? Lane { get; init; }

    /// <summary>True only counts.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What a backfill does, or would do in a dry run.</summary>
public sealed record BackfillView
{
    /// <summary>Number of runs it creates.</summary>
    public int Count { get; init; }

    /// <summary>Number of fire times in the range that already have a run.</summary>
    public int Existing { get; init; }

    /// <summary>The first fire time without a run; null when every fire time has one.</summary>
    public DateTimeOffset? First { get; init; }

    /// <summary>The last fire time without a run.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>Due time of the last new run.</summary>
    public DateTimeOffset? LastDueAt { get; init; }

    /// <summary>The oldest fire time of this schedule whose run is still stored. Runs of earlier fire times may have executed and been
    /// pruned.</summary>
    public DateTimeOffset? OldestKept { get; init; }
}
