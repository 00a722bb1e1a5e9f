namespace Fleet.Client;

/// <summary>The id of a new or replayed run.</summary>
public sealed record EnqueuedView
{
    public string Id { get; init; } = "";
}

/// <summary>The ids of new runs, in the order of the request.</summary>
public sealed record EnqueuedBatchView
{
    public IReadOnlyList<string> Ids { get; init; } = [];
}
