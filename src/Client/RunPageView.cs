namespace Fleet.Client;

/// <summary>A page of runs.</summary>
public sealed record RunPageView
{
    /// <summary>The runs, the last created first.</summary>
    public IReadOnlyList<RunView> Items { get; init; } = [];

    /// <summary>The cursor of the next page, for the same query; null on the last one.</summary>
    public string? Next { get; init; }

    /// <summary>How far the server looked for this page.</summary>
    public ScannedView Scanned { get; init; } = new();
}

/// <summary>How far a search looked. A search looks for a bounded time; when it has found less than a page by then, the next page goes
/// on.</summary>
public sealed record ScannedView
{
    /// <summary>The creation time of the oldest run that it looked at; null when it looked at all that can match.</summary>
    public DateTimeOffset? BackTo { get; init; }

    /// <summary>How many runs it looked at.</summary>
    public int Rows { get; init; }

    /// <summary>True when no older run can match.</summary>
    public bool Complete { get; init; }
}

/// <summary>How many runs match a query.</summary>
public sealed record RunCountView
{
    /// <summary>The number; at most 10,000.</summary>
    public int Value { get; init; }

    /// <summary><c>eq</c>: so many; <c>gte</c>: at least so many.</summary>
    public string Relation { get; init; } = "";

    /// <summary>The same for each state; each run counts once. Null unless it was asked for.</summary>
    public IReadOnlyDictionary<string, CountView>? States { get; init; }

    /// <summary>How far the server looked.</summary>
    public ScannedView Scanned { get; init; } = new();
}
