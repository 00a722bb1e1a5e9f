using Fleet.Core.Lanes;

namespace Fleet.Transport.RabbitMq;

/// <summary>Counts the messages of lanes over AMQP, and those that workers hold over the management interface, if there is one.</summary>
internal sealed class RabbitMqGauge(BrokerLink link, ManagementApi? management = null) : ILaneGauge
{
    public async Task<long?> CountWaitingAsync(string lane, CancellationToken ct)
    {
        uint ready;
        try
        {
            ready = await CountReadyAsync(lane, ct);
        }
        catch (Exception e) when (BrokerLink.IsOutage(e) && !ct.IsCancellationRequested)
        {
            return null;
        }

        // If the management interface does not answer, what workers hold is not counted, as without it. A lost nudge is still found.
        return ready + (management is null ? 0 : await management.CountUnacknowledgedAsync(RabbitMqTopology.QueueOf(lane), ct) ?? 0);
    }

    public async Task<long?> CountParkedAsync(CancellationToken ct)
    {
        try
        {
            return await link.Topology.UseAsync((c, bounded) => c.MessageCountAsync(RabbitMqTopology.Parked, bounded), ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // Away, or nothing was declared yet.
            return null;
        }
    }

    public async Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => await CountReadyAsync(lane, ct) == 0;

    private async Task<uint> CountReadyAsync(string lane, CancellationToken ct)
    {
        await link.DeclareLaneAsync(lane, ct);
        return await link.Topology.UseAsync((c, bounded) => c.MessageCountAsync(RabbitMqTopology.QueueOf(lane), bounded), ct);
    }
}
