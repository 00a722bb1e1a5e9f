namespace Fleet.Client;

/// <summary>An operation as a caller wants to preview it.</summary>
public record PreviewOperationBody
{
    /// <summary><c>cancel</c>, <c>replay</c> or <c>delete</c>. Required.</summary>
    public string? Kind { get; init; }

    /// <summary>Which runs, in the query language of the list of runs; at least one term. Only runs in a state count in which the change
    /// is possible. Required.</summary>
    public string? Query { get; init; }
}

/// <summary>An operation as a caller asks for it, after a preview.</summary>
public sealed record CreateOperationBody : PreviewOperationBody
{
    /// <summary>The token of the preview. The same token makes one operation, however often it is sent. Required.</summary>
    public string? Token { get; init; }

    /// <summary>Refuse it unless exactly so many runs match. Left out: any number.</summary>
    public long? Expect { get; init; }

    /// <summary>Maximum number of runs per second, 1 to 10,000. Left out: 500.</summary>
    public int? Rate { get; init; }

    /// <summary>In words for people; the first 500 characters are kept. A cancel stores it with the runs.</summary>
    public string? Reason { get; init; }
}

/// <summary>What an operation would touch.</summary>
public sealed record OperationPreviewView
{
    /// <summary><c>cancel</c>, <c>replay</c> or <c>delete</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The query.</summary>
    public string Query { get; init; } = "";

    /// <summary>How many runs, counted up to 100,000.</summary>
    public CountView Count { get; init; } = new();

    /// <summary>Up to 10 of them, the newest first.</summary>
    public IReadOnlyList<RunView> Sample { get; init; } = [];

    /// <summary>How far it reaches.</summary>
    public HorizonView Horizon { get; init; } = new();

    /// <summary>What the creation takes.</summary>
    public string Token { get; init; } = "";

    /// <summary>Until when it takes it.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>How far an operation reaches, so that nothing is touched that came later.</summary>
public sealed record HorizonView
{
    /// <summary>The instant of the preview. Runs that ended later are not touched.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The id of the newest run that was found. No newer run is touched. Null when nothing matched.</summary>
    public string? Newest { get; init; }
}

/// <summary>One change of all runs that match a query.</summary>
public sealed record OperationView
{
    /// <summary>A UUID of 36 characters.</summary>
    public string Id { get; init; } = "";

    /// <summary><c>cancel</c>, <c>replay</c> or <c>delete</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary><c>running</c>, <c>completed</c> or <c>canceled</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Which runs.</summary>
    public string Query { get; init; } = "";

    /// <summary>The lanes to which whoever created it was bound; null: all.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary>How far it reaches.</summary>
    public HorizonView Horizon { get; init; } = new();

    /// <summary>How many runs matched when it was created.</summary>
    public CountView Matched { get; init; } = new();

    /// <summary>How many runs were changed.</summary>
    public long Done { get; init; }

    /// <summary>How many runs were left as they are, because something else had happened to them.</summary>
    public SkippedView Skipped { get; init; } = new();

    /// <summary>How many runs could not be changed because of an error.</summary>
    public long Failed { get; init; }

    /// <summary>The last such error; null for none.</summary>
    public string? Error { get; init; }

    /// <summary>Maximum number of runs per second.</summary>
    public int Rate { get; init; }

    /// <summary>Why, in words of whoever created it.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who created it.</summary>
    public ActorView? CreatedBy { get; init; }

    /// <summary>When it completed or was canceled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Who canceled it.</summary>
    public ActorView? CanceledBy { get; init; }
}

/// <summary>Runs that an operation left as they are.</summary>
public sealed record SkippedView
{
    /// <summary>They no longer matched when their turn came: they were replayed, had ended, or the like.</summary>
    public long Changed { get; init; }

    /// <summary>They were no longer there.</summary>
    public long Gone { get; init; }
}
