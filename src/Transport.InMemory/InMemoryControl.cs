using Fleet.Core.Lanes;
using MassTransit;

namespace Fleet.Transport.InMemory;

/// <summary>Control messages within this process. Only cancels: the scheduler is in this process and is woken directly.</summary>
internal sealed class InMemoryControl(IBus bus, IReceiveEndpointConnector connector) : IControlChannel
{
    public Task PublishControlAsync(ControlMessage message, CancellationToken ct) =>
        bus.Publish(new FleetControl { CancelRuns = message.CancelRuns?.Select(id => id.Value).ToArray() }, ct);

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var handle = connector.ConnectReceiveEndpoint("fleet.control." + Guid.NewGuid().ToString("N"), (_, endpoint) =>
            endpoint.Handler<FleetControl>(context => onControl(
                new ControlMessage(context.Message.CancelRuns?.Select(id => new RunId(id)).ToArray()), context.CancellationToken)));
        await handle.Ready.WaitAsync(ct);
        return new Subscription(handle);
    }
}
