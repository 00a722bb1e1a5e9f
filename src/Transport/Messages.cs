namespace Fleet.Transport;

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

/// <summary>An event that a run published. Consume it as any MassTransit message.</summary>
public sealed record FleetEvent
{
    /// <summary>The stable name, such as <c>order.paid</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The event as JSON text.</summary>
    public required string Body { get; init; }

    /// <summary>The run that published it.</summary>
    public Guid? RunId { get; init; }
}
