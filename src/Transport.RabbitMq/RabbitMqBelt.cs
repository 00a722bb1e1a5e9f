using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Runs;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>The belt: nudges wait in the broker, so that they travel even if this process dies. What fits on no belt there, and what is
/// only held for a moment, waits in memory.</summary>
internal sealed class RabbitMqBelt : IBelt, IAsyncDisposable
{
    /// <summary>How long a stop waits for the broker to take the nudges that this process holds.</summary>
    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly BrokerBelts _inBroker;
    private readonly InMemoryBelt _held;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public RabbitMqBelt(
        BrokerLink link, INudgeSender nudges, FleetIdentity identity, RabbitMqSettings settings, TimeProvider time,
        ILogger<RabbitMqBelt> logger)
    {
        _time = time;
        _inBroker = new BrokerBelts(
            link.Belts, link.DeclareLaneAsync, (number, ct) => link.EnsureAsync(link.Topology, Declaration.Belt(number), ct),
            BrokerLink.IsOutage, identity, settings.LookAhead, time);
        _held = new InMemoryBelt(
            time, (lane, ids, ct) => NudgePublisher.SendAllAsync(nudges, lane, ids, ct), BrokerLink.IsOutage, logger);
        _loop = Task.Run(() => _held.RunAsync(_stop.Token));
    }

    public async Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        var (left, refused) = await _inBroker.PutAsync(term, nudges, ct);
        _held.Add(left);
        if (refused.Count > 0)
            throw new LanesRefusedException(refused);
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => _held.Add(nudges);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        using (var enough = new CancellationTokenSource(HandOverLimit, _time))
            await _held.HandOverAsync(HoldRetries.Longest, enough.Token);
        await _held.DisposeAsync();
        _stop.Dispose();
        _inBroker.Dispose();
    }
}
