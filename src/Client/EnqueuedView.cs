namespace Fleet.Client;

/// <summary>The id of a new or replayed run.</summary>
public sealed record EnqueuedView
{
    /// <summary>The id of the run: a UUID. Empty for a dry run that would store a new one.</summary>
    public string Id { get; init; } = "";
}

/// <summary>The ids of new runs, in the order of the request.</summary>
public sealed record EnqueuedBatchView
{
    /// <summary>The ids of the runs. A run whose idempotency key was used before keeps its id.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];
}
