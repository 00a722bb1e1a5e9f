using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>Delivers the nudges of a lane within this process. Only nudges: runs from outside have no way into its memory.</summary>
internal sealed partial class InMemoryLaneSource(IBelt belt, LaneQueues lanes, TimeProvider time, ILogger<InMemoryLaneSource> logger)
    : ILaneSource
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Maximum number of unexpected errors in a row. After that the nudge of a run is dropped, and Reconcile sends
    /// another.</summary>
    private const int MaxTries = 10;

    // Runs whose nudges failed, and how often; few at any time.
    private readonly ConcurrentDictionary<RunId, int> _failures = new();

    public Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        var queue = lanes.Open(lane);
        // Enough nudges at once to fill the slots while the next claim is under way.
        var listening = new Listening(
            Math.Clamp(slots / 16, 2, 16),
            async stop =>
            {
                while (!stop.IsCancellationRequested)
                    await ReceiveAsync(lane, queue, await queue.Waiting.ReadAsync(stop), handlers);
            },
            () => lanes.Close(lane));
        return Task.FromResult<IAsyncDisposable>(listening);
    }

    private async Task ReceiveAsync(string lane, LaneQueue queue, WaitingNudge nudge, LaneHandlers handlers)
    {
        RunId[] ids = [.. nudge.Ids];
        try
        {
            await (nudge.IsEarly ? handlers.OnEarly : handlers.OnReady)(ids, CancellationToken.None);
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
            queue.Handled();
        }
    }

    private bool MayTryAgain(RunId id)
    {
        if (_failures.AddOrUpdate(id, 1, static (_, failures) => failures + 1) < MaxTries)
            return true;
        _failures.TryRemove(id, out var _);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A nudge could not be handled; {Again} of its {Count} run(s) on lane {Lane} are nudged again in {Pause}.")]
    private partial void LogRetried(int again, int count, string lane, TimeSpan pause, Exception e);
}
