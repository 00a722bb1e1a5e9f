using Fleet.Core.Lanes;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>The belt of a process without a broker: nudges wait in memory.</summary>
internal sealed class HeldNudges : IBelt, IAsyncDisposable
{
    private readonly InMemoryBelt _belt;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public HeldNudges(INudgeSender nudges, ITransport transport, TimeProvider time, ILogger<HeldNudges> logger)
    {
        _belt = new InMemoryBelt(time, (lane, ids, ct) => NudgePublisher.SendAllAsync(nudges, lane, ids, ct), transport.IsOutage, logger);
        _loop = Task.Run(() => _belt.RunAsync(_stop.Token));
    }

    public Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        _belt.Add(nudges);
        return Task.CompletedTask;
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => _belt.Add(nudges);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _belt.DisposeAsync();
        _stop.Dispose();
    }
}
