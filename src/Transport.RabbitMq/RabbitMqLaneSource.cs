using Fleet.Core.Lanes;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Listens to the queues of a lane: the lane itself, and the one for early nudges.</summary>
internal sealed class RabbitMqLaneSource(
    BrokerLink link, BrokerListeners listeners, ForeignFleets foreign, RabbitMqSettings settings, TimeProvider time,
    ILogger<RabbitMqLaneSource> logger)
    : ILaneSource
{
    public async Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        // Enough messages at once that nudges fill the slots, also after these have grown, while the next claim is under way, and that
        // runs which come as messages share their commit.
        var concurrency = Math.Clamp(slots / 4, 8, 32);
        // What waits in the lane itself is taken whether there is room or not.
        var subscribing = ListenAsync(
            RabbitMqTopology.QueueOf(lane), [Declaration.Shared, Declaration.Lane(lane)], handlers with { HasRoom = null });
        if (handlers.HasRoom is null)
            return await subscribing;
        return new Subscriptions(await Task.WhenAll(
            subscribing,
            ListenAsync(
                RabbitMqTopology.EarlyOf(lane), [Declaration.Shared, Declaration.Lane(lane), Declaration.Early(lane)], handlers)));

        Task<IAsyncDisposable> ListenAsync(string queue, IReadOnlyList<Declaration> needed, LaneHandlers called)
        {
            var returns = new ReturnMessages(
                lane, link.Foreign, (declaration, c) => link.EnsureAsync(link.Foreign, declaration, c), settings.Pauses, time, logger);
            return listeners.ListenAsync(
                new Listener(lane, queue, new LaneReceiver(lane, called, foreign, returns))
                {
                    Needed = needed,
                    Optional = [Declaration.Endpoint(queue)],
                    Configure = endpoint => (endpoint.PrefetchCount, endpoint.ConcurrentMessageLimit) = (concurrency, concurrency),
                    Stopping = returns.StopAsync,
                    Stopped = returns.Dispose,
                },
                ct);
        }
    }

    private sealed class Subscriptions(IAsyncDisposable[] all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Task.WhenAll(all.Select(s => s.DisposeAsync().AsTask()));
    }
}
