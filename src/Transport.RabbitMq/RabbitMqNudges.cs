using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>Sends nudges to the queues of lanes, with confirms.</summary>
internal sealed partial class RabbitMqNudges(
    BrokerLink link, FleetIdentity identity, TimeProvider time, ILogger<RabbitMqNudges> logger) : INudgeSender, IDisposable
{
    private readonly ConcurrentDictionary<string, LaneGate> _gates = new(StringComparer.Ordinal);

    public async Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) =>
        await SendAsync(lane, LaneMessage.Write(new NudgeMessage { Fleet = await identity.GetAsync(ct), Ids = ids }), ct);

    public async Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct)
    {
        await link.DeclareSharedAsync(ct);
        var body = LaneMessage.Write(new NudgeMessage { Fleet = await identity.GetAsync(ct), Ids = ids, Early = true });
        try
        {
            await GateOf(lane).RunAsync(
                () => link.Nudges.PublishAsync(
                    RabbitMqTopology.Lanes, RabbitMqTopology.EarlyKey(lane), LaneMessage.Properties(persistent: false), body,
                    mandatory: true, ct),
                () => link.IsConnected,
                countsRefusal: false,
                ct);
        }
        catch (PublishException)
        {
            // No worker has listened to this lane yet, or none that knows early nudges; or the node of the queue is away.
            await SendAsync(lane, body, ct);
        }
    }

    public void Dispose()
    {
        foreach (var gate in _gates.Values)
            gate.Dispose();
    }

    private Task SendAsync(string lane, byte[] body, CancellationToken ct) =>
        GateOf(lane).RunAsync(() => SendNowAsync(lane, body, ct), () => link.IsConnected, countsRefusal: true, ct);

    private async Task SendNowAsync(string lane, byte[] body, CancellationToken ct)
    {
        await link.DeclareLaneAsync(lane, ct);
        try
        {
            await PublishAsync();
        }
        catch (PublishException e) when (e.IsReturn)
        {
            // Somebody deleted the queue after it was declared.
            LogUnroutable(lane);
            link.Topology.Forget(lane);
            await link.DeclareLaneAsync(lane, ct);
            await PublishAsync();
        }

        Task PublishAsync() =>
            link.Nudges.PublishAsync(RabbitMqTopology.Lanes, lane, LaneMessage.Properties(), body, mandatory: true, ct);
    }

    private LaneGate GateOf(string lane) => _gates.GetOrAdd(lane, static (_, time) => new LaneGate(time), time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of lane {Lane} was deleted; it is declared again.")]
    private partial void LogUnroutable(string lane);
}
