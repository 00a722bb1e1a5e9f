namespace Fleet.Client;

/// <summary>A line of a run's log.</summary>
public sealed record LogLineView
{
    /// <summary>The number of the line. Later lines have higher ones; there are gaps.</summary>
    public long Id { get; init; }

    /// <summary>The attempt that wrote it.</summary>
    public int Attempt { get; init; }

    /// <summary>When it was written.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Such as <c>information</c> or <c>error</c>.</summary>
    public string? Level { get; init; }

    /// <summary>The text.</summary>
    public string? Message { get; init; }
}
