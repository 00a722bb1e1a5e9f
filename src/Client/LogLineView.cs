namespace Fleet.Client;

/// <summary>A line of a run's log.</summary>
public sealed record LogLineView
{
    public long Id { get; init; }
    public int Attempt { get; init; }
    public DateTimeOffset At { get; init; }

    /// <summary>Such as <c>information</c> or <c>error</c>.</summary>
    public string? Level { get; init; }
    public string? Message { get; init; }
}
