using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using MassTransit;

namespace Fleet.Transport.InMemory;

/// <summary>Sends nudges to the listeners in this process.</summary>
internal sealed class InMemoryNudges(IBus bus, WaitingNudges waiting) : INudgeSender
{
    private readonly ConcurrentDictionary<string, Task<ISendEndpoint>> _endpoints = new(StringComparer.Ordinal);

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, ids, isEarly: false, ct);

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, ids, isEarly: true, ct);

    private async Task SendAsync(string lane, IReadOnlyList<RunId> ids, bool isEarly, CancellationToken ct)
    {
        // Nobody listens (yet): the nudge would be lost, and counted for ever. Reconcile sends it once somebody does.
        if (waiting.Find(lane) is not { } count)
            return;
        var endpoint = await _endpoints.GetOrAdd(
            lane, (name, bus) => bus.GetSendEndpoint(new Uri("queue:" + InMemoryTransport.QueueOf(name))), bus);
        Interlocked.Increment(ref count.Value);
        try
        {
            await endpoint.Send(new NudgeMessage { Ids = ids, Early = isEarly }, ct);
        }
        catch
        {
            Interlocked.Decrement(ref count.Value);
            throw;
        }
    }
}
