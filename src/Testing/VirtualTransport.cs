using System.Collections.Concurrent;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;

namespace Fleet.Testing;

/// <summary>The wire of a virtual fleet. Its belt tells when something comes due; what is due is then read from the rows, which are the
/// truth, so that no nudge that is still on its way makes a test pass or fail.</summary>
internal sealed class VirtualTransport : IEveryRole
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<RunId, DateTimeOffset> _belt = new();

    public bool ReachesOtherProcesses => false;

    /// <summary>What handlers have published, in order.</summary>
    public ConcurrentQueue<EventMessage> Events { get; } = new();

    /// <summary>What is told to all workers.</summary>
    public Action<ControlMessage>? OnControl { get; set; }

    /// <summary>When the next run on the belt comes due; null when there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_lock)
                return _belt.TryPeek(out _, out var at) ? at : null;
        }
    }

    /// <summary>Takes from the belt what is due.</summary>
    /// <returns>Whether there was anything.</returns>
    public bool TakeDue(DateTimeOffset now)
    {
        var any = false;
        lock (_lock)
        {
            for (; _belt.TryPeek(out _, out var at) && at <= now; any = true)
                _belt.Dequeue();
        }

        return any;
    }

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => Task.CompletedTask;

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => Task.CompletedTask;

    public Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        HoldReady(nudges);
        return Task.CompletedTask;
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges)
    {
        lock (_lock)
        {
            foreach (var nudge in nudges)
                _belt.Enqueue(nudge.Id, nudge.DueAt);
        }
    }

    public Task PublishControlAsync(ControlMessage message, CancellationToken ct)
    {
        OnControl?.Invoke(message);
        return Task.CompletedTask;
    }

    public Task PublishEventAsync(EventMessage message, CancellationToken ct)
    {
        Events.Enqueue(message);
        return Task.CompletedTask;
    }

    /// <summary>A virtual fleet has no consumers.</summary>
    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) => Task.CompletedTask;

    public bool IsOutage(Exception e) => false;

    public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => Task.CompletedTask;

    public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) => Task.FromResult<long?>(0);

    public Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => Task.FromResult(true);

    public Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct) =>
        throw new NotSupportedException("A virtual fleet reads its runs from the database.");

    public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct) =>
        throw new NotSupportedException("A virtual fleet has one worker.");
}
