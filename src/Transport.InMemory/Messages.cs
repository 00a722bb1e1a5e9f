namespace Fleet.Transport.InMemory;

/// <summary>A nudge on the wire: these runs are ready. The rows have the rest.</summary>
public sealed record RunsReady
{
    public required IReadOnlyList<Guid> Ids { get; init; }

    /// <summary>Whether their commit may still be under way.</summary>
    public bool IsEarly { get; init; }
}

/// <summary>What all workers are told, on the wire.</summary>
public sealed record FleetControl
{
    public IReadOnlyList<Guid>? CancelRuns { get; init; }
}
