using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Fleet.Core.Lanes;
using Fleet.Core.Storage.Rows;
using Fleet.MassTransit;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.InMemory;

/// <summary>Lanes inside one process, on MassTransit's in-memory transport. What is in flight when the process dies is
/// found again in the database by Reconcile.</summary>
public sealed partial class InMemoryLaneTransport : ILaneTransport, IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>After so many unexpected errors in a row the nudge of a run is let go; Reconcile sends another.</summary>
    private const int MostTries = 10;

    private readonly IBus _bus;
    private readonly IReceiveEndpointConnector _connector;
    private readonly TimeProvider _time;
    private readonly ILogger<InMemoryLaneTransport> _logger;
    private readonly InMemoryBelt _belt;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _beltLoop;
    private readonly ConcurrentDictionary<string, Task<ISendEndpoint>> _endpoints = new(StringComparer.Ordinal);
    // Lanes that somebody listens to here, with the nudges sent and not yet handled.
    private readonly ConcurrentDictionary<string, StrongBox<long>> _waiting = new(StringComparer.Ordinal);
    // Runs whose nudges failed, and how often; few at any time.
    private readonly ConcurrentDictionary<RunId, int> _failures = new();

    public InMemoryLaneTransport(IBus bus, IReceiveEndpointConnector connector, TimeProvider time, ILogger<InMemoryLaneTransport> logger)
    {
        _bus = bus;
        _connector = connector;
        _time = time;
        _logger = logger;
        _belt = new InMemoryBelt(time, (lane, ids, ct) => NudgePublisher.SendAllAsync(this, lane, ids, ct), IsOutage, logger);
        _beltLoop = Task.Run(() => _belt.RunAsync(_stop.Token));
    }

    public bool ReachesOtherProcesses => false;

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, ids, isEarly: false, ct);

    public Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, ids, isEarly: true, ct);

    public Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        _belt.Add(nudges);
        return Task.CompletedTask;
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => _belt.Add(nudges);

    /// <summary>Nobody looks into this process's memory: the row has it all.</summary>
    public Task PublishDeadAsync(DeadRun run, CancellationToken ct) => Task.CompletedTask;

    public Task PublishControlAsync(ControlMessage message, CancellationToken ct) =>
        _bus.Publish(new FleetControl { CancelRuns = message.CancelRuns?.Select(id => id.Value).ToArray() }, ct);

    public Task PublishEventAsync(EventMessage message, CancellationToken ct) => _bus.Publish(
        new FleetEvent { Name = message.Name, Body = message.Body, RunId = message.RunId?.Value },
        context => context.MessageId = message.Id,
        ct);

    public Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct) =>
        ConsumerMessage.SendAsync(_bus, message, _time, ct);

    public bool IsOutage(Exception e) => false;

    /// <summary>A lane that nobody listens to counts as full: a nudge would be lost.</summary>
    public Task<long?> CountWaitingAsync(string lane, CancellationToken ct) =>
        Task.FromResult<long?>(_waiting.TryGetValue(lane, out var waiting) ? Interlocked.Read(ref waiting.Value) : long.MaxValue);

    /// <summary>All of a lane's listeners are in this process, and what it holds is theirs already.</summary>
    public Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => Task.FromResult(true);

    /// <summary>Takes nudges only: runs from outside have no way into this process's memory.</summary>
    public async Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        // Enough nudges at once to fill the slots while the next claim is under way.
        var waiting = new StrongBox<long>();
        var concurrency = Math.Clamp(slots / 16, 2, 16);
        var handle = _connector.ConnectReceiveEndpoint(QueueOf(lane), (_, endpoint) =>
        {
            endpoint.PublishFaults = false;
            endpoint.PrefetchCount = concurrency;
            endpoint.ConcurrentMessageLimit = concurrency;
            endpoint.Handler<RunsReady>(context => ReceiveAsync(lane, waiting, context, handlers));
        });
        await handle.Ready.WaitAsync(ct);
        _waiting[lane] = waiting;
        return new Subscription(handle, () => _waiting.TryRemove(lane, out _));
    }

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var handle = _connector.ConnectReceiveEndpoint("fleet.control." + Guid.NewGuid().ToString("N"), (_, endpoint) =>
            endpoint.Handler<FleetControl>(context => onControl(
                new ControlMessage(context.Message.CancelRuns?.Select(id => new RunId(id)).ToArray()), context.CancellationToken)));
        await handle.Ready.WaitAsync(ct);
        return new Subscription(handle, () => { });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beltLoop;
        await _belt.DisposeAsync();
        _stop.Dispose();
    }

    private static string QueueOf(string lane) => "fleet." + lane;

    private async Task SendAsync(string lane, IReadOnlyList<RunId> ids, bool isEarly, CancellationToken ct)
    {
        // Nobody listens (yet): the nudge would be lost, and counted for ever. Reconcile sends it once somebody does.
        if (!_waiting.TryGetValue(lane, out var waiting))
            return;
        var endpoint = await _endpoints.GetOrAdd(lane, (name, bus) => bus.GetSendEndpoint(new Uri("queue:" + QueueOf(name))), _bus);
        Interlocked.Increment(ref waiting.Value);
        try
        {
            await endpoint.Send(new RunsReady { Ids = [.. ids.Select(id => id.Value)], IsEarly = isEarly }, ct);
        }
        catch
        {
            Interlocked.Decrement(ref waiting.Value);
            throw;
        }
    }

    private async Task ReceiveAsync(
        string lane, StrongBox<long> waiting, ConsumeContext<RunsReady> context, LaneHandlers handlers)
    {
        RunId[] ids = [.. context.Message.Ids.Select(id => new RunId(id))];
        try
        {
            await (context.Message.IsEarly ? handlers.OnEarly : handlers.OnReady)(ids, context.CancellationToken);
            if (!_failures.IsEmpty)
                Array.ForEach(ids, id => _failures.TryRemove(id, out var _));
        }
        catch (Exception e)
        {
            var again = handlers.IsOutage(e) ? ids : Array.FindAll(ids, MayTryAgain);
            LogRetried(again.Length, ids.Length, lane, RetryPause, e);
            var at = _time.GetUtcNow() + RetryPause;
            _belt.Add([.. again.Select(id => new DelayedNudge(lane, id, at))]);
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

    private sealed class Subscription(HostReceiveEndpointHandle handle, Action end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            end();
            await handle.StopAsync();
        }
    }
}
