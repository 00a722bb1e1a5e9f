using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.MassTransit;
using MassTransit;

namespace Fleet.Transport.InMemory;

/// <summary>Publishes events to the consumers in this process.</summary>
internal sealed class InMemoryEvents(IBus bus, TimeProvider time) : IEventSender
{
    public Task PublishEventAsync(EventMessage message, CancellationToken ct) => bus.Publish(
        new FleetEvent { Name = message.Name, Body = message.Body, RunId = message.RunId?.Value },
        context => context.MessageId = message.Id,
        ct);

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) =>
        ConsumerMessage.SendAsync(bus, message, time, ct);
}

/// <summary>Leaves no copies: nobody looks into this process's memory, and the row has everything.</summary>
internal sealed class NoDeadCopies : IDeadCopySender
{
    public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => Task.CompletedTask;
}
