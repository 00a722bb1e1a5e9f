using System.Text.Json;
using Fleet.Core.Text;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Control messages: a fanout exchange, and a queue for each process that listens.</summary>
internal sealed partial class RabbitMqControl(
    BrokerLink link, BrokerListeners listeners, BrokerAlarms alarms, FleetIdentity identity, ForeignFleets foreign,
    ILogger<RabbitMqControl> logger) : IControlChannel
{
    public async Task PublishControlAsync(ControlMessage message, CancellationToken ct)
    {
        // Whoever cancels a run does not wait for a broker that is known to answer nobody.
        if (alarms.Blocked is { } blocked)
        {
            LogControlLost(new IOException($"broker blocked: {blocked}"));
            return;
        }

        try
        {
            await link.DeclareSharedAsync(ct);
            var body = JsonSerializer.SerializeToUtf8Bytes(message with { Fleet = await identity.GetAsync(ct) }, FleetJson.Payload);
            await link.Nudges.PublishAsync(RabbitMqTopology.Control, "", LaneMessage.Properties(), body, mandatory: false, ct);
        }
        catch (Exception e)
        {
            LogControlLost(e);
        }
    }

    public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var name = $"{RabbitMqTopology.Control}.{Guid.NewGuid():N}";
        return listeners.ListenAsync(
            new Listener("control", name, new ControlReceiver(onControl, foreign, logger))
            {
                Needed = [Declaration.Shared, Declaration.ControlQueue(name)],
                Configure = endpoint => (endpoint.Durable, endpoint.AutoDelete, endpoint.Exclusive) = (false, true, true),
            },
            ct);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A control message could not be sent; workers notice the change at their next heartbeat.")]
    private partial void LogControlLost(Exception e);
}
