using Fleet.Core.Lanes;
using MassTransit;

namespace Fleet.Transport.InMemory;

/// <summary>Control messages within this process.</summary>
internal sealed class InMemoryControl(IBus bus, IReceiveEndpointConnector connector) : IControlChannel
{
    public Task PublishControlAsync(ControlMessage message, CancellationToken ct) => bus.Publish(message, ct);

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var handle = connector.ConnectReceiveEndpoint("fleet.control." + Guid.NewGuid().ToString("N"), (_, endpoint) =>
            endpoint.Handler<ControlMessage>(context => onControl(context.Message, context.CancellationToken)));
        await handle.Ready.WaitAsync(ct);
        return new Subscription(handle);
    }
}
