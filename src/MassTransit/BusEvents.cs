using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using MassTransit;

namespace Fleet.MassTransit;

/// <summary>Publishes the events of runs on Fleet's bus, if there is one, and sends the messages of consumers on theirs: for transports
/// that stay in the process.</summary>
internal sealed class BusEvents(ConsumerBuses buses, IFleetBus? bus = null) : IEventSender
{
    public Task PublishEventAsync(EventMessage message, CancellationToken ct) => bus is null
        ? Task.CompletedTask
        : bus.Publish(
            new FleetEvent { Name = message.Name, Body = message.Body, RunId = message.RunId?.Value },
            context => context.MessageId = message.Id,
            ct);

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) => buses.SendAsync(message, ct);
}
