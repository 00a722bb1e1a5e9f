namespace Fleet.Client;

/// <summary>A saved view as a caller asks for it.</summary>
public sealed record PutViewBody
{
    /// <summary>The query; left out: all runs.</summary>
    public string? Query { get; init; }

    /// <summary>The columns to show, such as <c>id</c> and <c>finishedAt</c>: the members of a run in a list. Left out: the usual
    /// ones.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The column to sort a page by, with <c>-</c> in front for descending. Left out: the last created first.</summary>
    public string? Sort { get; init; }

    /// <summary>Whether others see it. Left out: no.</summary>
    public bool? Shared { get; init; }
}

/// <summary>A saved view.</summary>
public sealed record SavedViewView
{
    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The query; empty for all runs.</summary>
    public string Query { get; init; } = "";

    /// <summary>The columns to show; null: the usual ones.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>The column to sort a page by, with <c>-</c> in front for descending; null: the last created first.</summary>
    public string? Sort { get; init; }

    /// <summary>True if others see it.</summary>
    public bool Shared { get; init; }

    /// <summary>Who made it.</summary>
    public ActorView? Owner { get; init; }

    /// <summary>When it was saved first.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was changed last.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who changed it last.</summary>
    public ActorView? ChangedBy { get; init; }

    /// <summary>The version, for <c>If-Match</c>.</summary>
    public string Version { get; init; } = "";
}
