namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>outbox</c>: an event of a run, or a message of a consumer, that was committed with the state it belongs
/// to and is still to be sent.</summary>
public sealed class OutboxMessage
{
    public long Id { get; set; }

    /// <summary>The id of the message in the broker. It stays the same if the message is sent again.</summary>
    public Guid MessageId { get; set; }

    /// <summary>The stable name of the event; of a consumer's message, the type that it was sent as.</summary>
    public string Name { get; set; } = "";

    /// <summary>JSON text; of a consumer's message, the bytes on the wire as text.</summary>
    public string Body { get; set; } = "";

    /// <summary>The run that published it.</summary>
    public RunId? RunId { get; set; }

    /// <summary>The message whose consumer sent it.</summary>
    public Guid? ConsumedId { get; set; }

    /// <summary>Where a consumer's message goes, as the bus writes addresses; null for an event.</summary>
    public string? Destination { get; set; }

    /// <summary>What travels with a consumer's message beside its body, in the transport's own JSON; null for an event.</summary>
    public string? Envelope { get; set; }

    public string? TraceParent { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Number of failed sends so far.</summary>
    public int Failures { get; set; }

    /// <summary>The message is not sent before this instant.</summary>
    public DateTimeOffset NextTryAt { get; set; }

    public string? LastError { get; set; }
}
