using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;

namespace Fleet.Transport.InMemory;

/// <summary>Drops events: nobody in this process listens. Consumers come with the package Fleet.MassTransit, which replaces this.</summary>
internal sealed class InMemoryEvents : IEventSender
{
    public Task PublishEventAsync(EventMessage message, CancellationToken ct) => Task.CompletedTask;

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) => throw new InvalidOperationException(
        "This program has no bus for the messages of consumers. Let a program with the package Fleet.MassTransit lead the fleet.");
}

/// <summary>Leaves no copies: nobody looks into this process's memory, and the row has everything.</summary>
internal sealed class NoDeadCopies : IDeadCopySender
{
    public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => Task.CompletedTask;
}
