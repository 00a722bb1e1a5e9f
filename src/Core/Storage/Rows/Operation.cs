using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>operations</c>: one change of all runs that match a query, which the leader makes batch by batch.</summary>
public sealed class Operation
{
    /// <summary>A version 7 UUID in lower case with hyphens: 36 characters.</summary>
    public string Id { get; set; } = "";

    public OperationKind Kind { get; set; }

    public OperationState State { get; set; }

    /// <summary>The query, as it was asked for. Relative times in it count back from <see cref="AsOf"/>.</summary>
    public string Query { get; set; } = "";

    /// <summary>JSON array of the lanes to which whoever asked for it was bound; null: all.</summary>
    public string? Lanes { get; set; }

    /// <summary>The instant of the preview. Runs that ended later are not touched.</summary>
    public DateTimeOffset AsOf { get; set; }

    /// <summary>The newest run that the preview found. No newer run is touched. Null when it found none.</summary>
    public RunId? Newest { get; set; }

    /// <summary>How many runs matched when it was created.</summary>
    public long Matched { get; set; }

    /// <summary>True if more than <see cref="Matched"/> may have matched.</summary>
    public bool MatchedMore { get; set; }

    /// <summary>Maximum number of runs per second.</summary>
    public int Rate { get; set; }

    /// <summary>Why, in words of the actor.</summary>
    public string? Reason { get; set; }

    /// <summary>The last run that was dealt with; the next batch has smaller ids. Written with what the batch did, in one transaction.
    /// Null before the first batch.</summary>
    public RunId? Cursor { get; set; }

    /// <summary>How many runs were changed.</summary>
    public long Done { get; set; }

    /// <summary>How many runs no longer matched when their turn came.</summary>
    public long SkippedChanged { get; set; }

    /// <summary>How many runs were no longer there when their turn came.</summary>
    public long SkippedGone { get; set; }

    /// <summary>How many runs could not be changed because of an error.</summary>
    public long Failed { get; set; }

    /// <summary>The last such error.</summary>
    public string? Error { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public required Actor CreatedBy { get; set; }

    /// <summary>When it completed or was canceled.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    public Actor? CanceledBy { get; set; }
}

/// <summary>What an operation does with each run. The numbers are stored.</summary>
public enum OperationKind
{
    Cancel = 0,
    Replay = 1,
    Delete = 2,
}

/// <summary>Where an operation stands. The numbers are stored.</summary>
public enum OperationState
{
    Running = 0,

    /// <summary>Every run that matched has had its turn.</summary>
    Completed = 1,

    /// <summary>Somebody stopped it. The runs that had their turn stay changed.</summary>
    Canceled = 2,
}
