namespace Fleet.Client;

/// <summary>A page of a list.</summary>
public sealed record Page<T>
{
    /// <summary>The items of this page.</summary>
    public IReadOnlyList<T> Items { get; init; } = [];

    /// <summary>The cursor of the next page; null on the last one.</summary>
    public string? Next { get; init; }
}
