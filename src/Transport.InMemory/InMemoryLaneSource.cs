using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Fleet.Core.Lanes;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>Delivers the nudges of a lane on MassTransit's in-memory transport. Only nudges: runs from outside have no way into this
/// process's memory.</summary>
internal sealed partial class InMemoryLaneSource(
    IReceiveEndpointConnector connector, IBelt belt, WaitingNudges lanes, TimeProvider time, ILogger<InMemoryLaneSource> logger)
    : ILaneSource
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Maximum number of unexpected errors in a row. After that the nudge of a run is dropped, and Reconcile sends
    /// another.</summary>
    private const int MostTries = 10;

    // Runs whose nudges failed, and how often; few at any time.
    private readonly ConcurrentDictionary<RunId, int> _failures = new();

    public async Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        // Enough nudges at once to fill the slots while the next claim is under way.
        var waiting = new StrongBox<long>();
        var concurrency = Math.Clamp(slots / 16, 2, 16);
        var handle = connector.ConnectReceiveEndpoint(InMemoryTransport.QueueOf(lane), (_, endpoint) =>
        {
            endpoint.PublishFaults = false;
            endpoint.PrefetchCount = concurrency;
            endpoint.ConcurrentMessageLimit = concurrency;
            endpoint.Handler<NudgeMessage>(context => ReceiveAsync(lane, waiting, context, handlers));
        });
        await handle.Ready.WaitAsync(ct);
        lanes.Open(lane, waiting);
        return new Subscription(handle, () => lanes.Close(lane));
    }

    private async Task ReceiveAsync(
        string lane, StrongBox<long> waiting, ConsumeContext<NudgeMessage> context, LaneHandlers handlers)
    {
        RunId[] ids = [.. context.Message.Ids];
        try
        {
            await (context.Message.Early ? handlers.OnEarly : handlers.OnReady)(ids, context.CancellationToken);
            if (!_failures.IsEmpty)
                Array.ForEach(ids, id => _failures.TryRemove(id, out var _));
        }
        catch (Exception e)
        {
            var again = handlers.IsOutage(e) ? ids : Array.FindAll(ids, MayTryAgain);
            LogRetried(again.Length, ids.Length, lane, RetryPause, e);
            var at = time.GetUtcNow() + RetryPause;
            belt.HoldReady([.. again.Select(id => new DelayedNudge(lane, id, at))]);
        }
        finally
        {
            Interlocked.Decrement(ref waiting.Value);
        }
    }

    private bool MayTryAgain(RunId id)
    {
        if (_failures.AddOrUpdate(id, 1, static (_, failures) => failures + 1) < MostTries)
            return true;
        _failures.TryRemove(id, out var _);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A nudge could not be handled; {Again} of its {Count} run(s) on lane {Lane} are nudged again in {Pause}.")]
    private partial void LogRetried(int again, int count, string lane, TimeSpan pause, Exception e);
}

/// <summary>A listener in this process.</summary>
internal sealed class Subscription(HostReceiveEndpointHandle handle, Action? end = null) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        end?.Invoke();
        await handle.StopAsync();
    }
}
