using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Outbox;

/// <summary>Sends what handlers and consumers have put into the outbox. Separate because these messages are written by users and read by
/// others: they may be too large or have nowhere to go, and they are the only ones that nothing can restore once the outbox has dropped
/// them.</summary>
public interface IEventSender
{
    /// <summary>Publishes an event to whoever listens.</summary>
    /// <exception cref="Exception">The broker did not confirm.</exception>
    Task PublishEventAsync(EventMessage message, CancellationToken ct);

    /// <summary>Sends what a consumer sent through the outbox, to where it said.</summary>
    /// <exception cref="Exception">The broker did not confirm, or the message cannot be sent.</exception>
    Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct);
}

/// <summary>An event on the wire.</summary>
/// <param name="Id">Stable over re-sends.</param>
/// <param name="Name">The stable name of the event.</param>
/// <param name="Body">JSON text.</param>
/// <param name="RunId">The run that published it.</param>
/// <param name="TraceParent">W3C trace context.</param>
public sealed record EventMessage(Guid Id, string Name, string Body, RunId? RunId, string? TraceParent);
