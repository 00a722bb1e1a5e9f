using System.Collections.Concurrent;
using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.Testing;

namespace Fleet.Tests.Support;

/// <summary>A wire that remembers what was sent and does as it is told.</summary>
public sealed class ScriptedTransport : IEveryRole
{
    private readonly Channel<(string Lane, RunId Id)> _ready = Channel.CreateUnbounded<(string, RunId)>();
    private readonly ConcurrentQueue<RunId[]> _nudges = new();
    private readonly Tally _looks = new();
    private readonly Tally _subscriptions = new();
    private int _early;

    /// <summary>What <see cref="CountWaitingAsync"/> answers; null: the broker does not say.</summary>
    public long? Waiting { get; set; } = 0;

    /// <summary>What <see cref="CountWaitingAsync"/> throws; null for nothing.</summary>
    public Exception? GaugeFailure { get; set; }

    /// <summary>How often somebody asked whether a lane is drained.</summary>
    public int Looks => _looks.Count;

    /// <summary>Waits until somebody has asked so often; fails the test after 30 s.</summary>
    public Task LookedAsync(int times) => _looks.ReachesAsync(times);

    /// <summary>Called before an event or a nudge is taken; what it throws is what the broker answers.</summary>
    public Func<Task> BeforeSend { get; set; } = () => Task.CompletedTask;

    /// <summary>Called with the lane before a nudge to it is taken, also one for the belt; what it throws is what the broker
    /// answers.</summary>
    public Action<string> BeforeLane { get; set; } = _ => { };

    /// <summary>How long a nudge to a lane takes; not asked for the belt.</summary>
    public Func<string, Task> BeforeLaneAsync { get; set; } = _ => Task.CompletedTask;

    /// <summary>How long the subscription to control messages takes.</summary>
    public Task StartOfControl { get; set; } = Task.CompletedTask;

    /// <summary>What was subscribed to: lanes by their names, and <c>control</c>.</summary>
    public ConcurrentQueue<string> Subscribed { get; } = new();

    /// <summary>Waits until something was subscribed to; fails the test after 30 s.</summary>
    public Task SubscribedAsync() => _subscriptions.ReachesAsync(1);

    /// <summary>How long the end of a subscription takes; nothing ever comes over one.</summary>
    public Task EndOfSubscription { get; set; } = Task.CompletedTask;

    /// <summary>Called before each event.</summary>
    public Action<EventMessage> BeforeEvent { get; set; } = _ => { };

    /// <summary>How long each event takes.</summary>
    public Func<EventMessage, Task> BeforeEventAsync { get; set; } = _ => Task.CompletedTask;

    public ConcurrentQueue<DelayedNudge> Belt { get; } = new();

    public ConcurrentQueue<ControlMessage> Controls { get; } = new();

    public ConcurrentQueue<DeadRun> Dead { get; } = new();

    public ConcurrentQueue<EventMessage> Events { get; } = new();

    /// <summary>What a failure is taken for.</summary>
    public Predicate<Exception> Outage { get; set; } = _ => false;

    public bool IsOutage(Exception e) => Outage(e);

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) =>
        PublishEventAsync(new EventMessage(message.MessageId, message.Name, message.Body, null, message.TraceParent), ct);

    public bool ReachesOtherProcesses { get; set; } = true;

    /// <summary>The next nudge; waits for it, 30 s at most.</summary>
    public async Task<(string Lane, RunId Id)> NextAsync() =>
        await _ready.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>The nudges sent so far that nobody has looked at.</summary>
    public IReadOnlyList<(string Lane, RunId Id)> TakeReady()
    {
        var taken = new List<(string, RunId)>();
        while (_ready.Reader.TryRead(out var nudge))
            taken.Add(nudge);
        return taken;
    }

    /// <summary>The nudges sent since the last call, each with all its ids.</summary>
    public IReadOnlyList<RunId[]> TakeNudges()
    {
        var taken = new List<RunId[]>();
        while (_nudges.TryDequeue(out var ids))
            taken.Add(ids);
        return taken;
    }

    /// <summary>How many ids each nudge had.</summary>
    public IReadOnlyList<int> NudgeSizes => [.. _nudges.Select(ids => ids.Length)];

    public async Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct)
    {
        await BeforeSend();
        BeforeLane(lane);
        await BeforeLaneAsync(lane);
        _nudges.Enqueue([.. ids]);
        foreach (var id in ids)
            _ready.Writer.TryWrite((lane, id));
    }

    /// <summary>How many of the nudges were sent before their runs were committed.</summary>
    public int Early => Volatile.Read(ref _early);

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct)
    {
        Interlocked.Increment(ref _early);
        return SendReadyAsync(lane, ids, ct);
    }

    public async Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        await BeforeSend();
        var refused = new Dictionary<string, Exception>(StringComparer.Ordinal);
        foreach (var lane in nudges.Select(n => n.Lane).Distinct(StringComparer.Ordinal))
        {
            try
            {
                BeforeLane(lane);
            }
            catch (Exception e)
            {
                refused.Add(lane, e);
            }
        }

        foreach (var nudge in nudges.Where(n => !refused.ContainsKey(n.Lane)))
            Belt.Enqueue(nudge);
        if (refused.Count > 0)
            throw new LanesRefusedException(refused);
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges)
    {
        foreach (var nudge in nudges)
            Belt.Enqueue(nudge);
    }

    /// <summary>How long the copy of a dead run takes; what it throws is what the broker answers.</summary>
    public Func<DeadRun, Task> BeforeDeadAsync { get; set; } = _ => Task.CompletedTask;

    /// <summary>With which the last copy of a dead run was sent.</summary>
    public CancellationToken DeadToken { get; private set; }

    public async Task PublishDeadAsync(DeadRun run, CancellationToken ct)
    {
        DeadToken = ct;
        await BeforeDeadAsync(run);
        Dead.Enqueue(run);
    }

    public Task PublishControlAsync(ControlMessage message, CancellationToken ct)
    {
        Controls.Enqueue(message);
        return Task.CompletedTask;
    }

    public async Task PublishEventAsync(EventMessage message, CancellationToken ct)
    {
        await BeforeSend();
        BeforeEvent(message);
        await BeforeEventAsync(message);
        Events.Enqueue(message);
    }

    public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) =>
        GaugeFailure is { } failure ? Task.FromException<long?>(failure) : Task.FromResult(Waiting);

    public Task<bool> IsDrainedAsync(string lane, CancellationToken ct)
    {
        _looks.Add();
        return Task.FromResult(Waiting == 0);
    }

    public Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        Subscribed.Enqueue(lane);
        _subscriptions.Add();
        return Task.FromResult<IAsyncDisposable>(new Subscription(EndOfSubscription));
    }

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        Subscribed.Enqueue("control");
        _subscriptions.Add();
        await StartOfControl;
        return new Subscription(EndOfSubscription);
    }

    private sealed class Subscription(Task end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(end);
    }
}
