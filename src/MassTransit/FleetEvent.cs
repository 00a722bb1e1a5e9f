namespace Fleet;

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
