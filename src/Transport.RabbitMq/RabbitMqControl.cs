using System.Text.Json;
using Fleet.Core.Text;
using Fleet.Core.Lanes;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Control messages: a fanout exchange, and a queue for each process that listens.</summary>
internal sealed partial class RabbitMqControl(
    BrokerLink link, BrokerListeners listeners, BrokerAlarms alarms, ILogger<RabbitMqControl> logger) : IControlChannel
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
            await link.Nudges.PublishAsync(
                RabbitMqTopology.Control, "", LaneMessage.Properties(), JsonSerializer.SerializeToUtf8Bytes(message, FleetJson.Payload),
                mandatory: false, ct);
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
            new Listener("control", name, new ControlReceiver(onControl, logger))
            {
                Needed = [Declaration.Shared, Declaration.ControlQueue(name)],
                Configure = endpoint => (endpoint.Durable, endpoint.AutoDelete, endpoint.Exclusive) = (false, true, true),
            },
            ct);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A control message could not be sent; workers learn of it with their next heartbeat.")]
    private partial void LogControlLost(Exception e);
}
