namespace Fleet.Core.Outbox;

/// <summary>The row in <c>outbox</c>: an event that was committed with the state it belongs to and is still to be sent.</summary>
public sealed class OutboxMessage
{
    public long Id { get; set; }

    /// <summary>The id the message has on the wire, stable over re-sends.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The stable name of the event.</summary>
    public string Name { get; set; } = "";

    /// <summary>JSON text.</summary>
    public string Body { get; set; } = "";

    /// <summary>The run that published it.</summary>
    public RunId? RunId { get; set; }

    public string? TraceParent { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Sends that failed so far.</summary>
    public int Failures { get; set; }

    /// <summary>Not before this instant.</summary>
    public DateTimeOffset NextTryAt { get; set; }

    public string? LastError { get; set; }
}
