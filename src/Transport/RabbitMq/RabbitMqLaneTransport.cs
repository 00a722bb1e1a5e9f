using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.Core;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Transport.Consumers;
using Fleet.Transport.InMemory;
using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace Fleet.Transport.RabbitMq;

/// <summary>Lanes on RabbitMQ. MassTransit owns the connection and the consumers; what is sent goes over channels of our own,
/// with confirms. A broker that is down heals by itself: consumers connect again, and senders throw meanwhile.</summary>
public sealed partial class RabbitMqLaneTransport : ILaneTransport, IAsyncDisposable
{
    /// <summary>How long a subscription waits for the broker before it goes on and lets MassTransit try by itself.</summary>
    private static readonly TimeSpan SetUpPatience = TimeSpan.FromSeconds(5);

    private readonly IBusInstance _bus;
    private readonly TimeProvider _time;
    private readonly ILogger<RabbitMqLaneTransport> _logger;
    private readonly ManagementApi? _management;
    // A refused declaration closes its channel and all that is under way on it: declarations have one of their own.
    private readonly BrokerChannel _topology;
    private readonly BrokerChannel _channel;
    private readonly BrokerChannel _beltChannel;
    private readonly RabbitMqBelt _belt;
    private readonly InMemoryBelt _held;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _heldLoop;

    public RabbitMqLaneTransport(IBusInstance bus, RabbitMqSettings settings, TimeProvider time, ILogger<RabbitMqLaneTransport> logger)
    {
        _bus = bus;
        _time = time;
        _logger = logger;
        _management = settings.ManagementUri is null ? null : new ManagementApi(settings, time, logger);
        (_topology, _channel, _beltChannel) = (new(bus, time), new(bus, time), new(bus, time));
        _belt = new RabbitMqBelt(_beltChannel, DeclareLaneAsync, IsOutage, settings.LookAhead, time);
        _held = new InMemoryBelt(time, (lane, ids, ct) => NudgePublisher.SendAllAsync(this, lane, ids, ct), IsOutage, logger);
        _heldLoop = Task.Run(() => _held.RunAsync(_stop.Token));
    }

    public bool ReachesOtherProcesses => true;

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, LaneMessage.Write(ids), ct);

    public async Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        var body = LaneMessage.WriteEarly(ids);
        try
        {
            await _channel.PublishAsync(
                RabbitMqTopology.Lanes, RabbitMqTopology.EarlyKey(lane), LaneMessage.Properties(persistent: false), body, mandatory: true, ct);
        }
        catch (PublishException)
        {
            // No worker has listened to this lane yet, or none that knows of early nudges; or the queue's node is away.
            await SendAsync(lane, body, ct);
        }
    }

    public async Task SendReadyAtAsync(long term, IReadOnlyList<DelayedNudge> nudges, CancellationToken ct)
    {
        var (left, refused) = await _belt.PutAsync(term, nudges, ct);
        _held.Add(left);
        if (refused.Count > 0)
            throw new LanesRefusedException(refused);
    }

    public void HoldReady(IReadOnlyList<DelayedNudge> nudges) => _held.Add(nudges);

    public async Task PublishControlAsync(ControlMessage message, CancellationToken ct)
    {
        try
        {
            await DeclareSharedAsync(ct);
            await _channel.PublishAsync(
                RabbitMqTopology.Control, "", LaneMessage.Properties(), JsonSerializer.SerializeToUtf8Bytes(message, FleetJson.Payload), mandatory: false, ct);
        }
        catch (Exception e)
        {
            LogControlLost(e);
        }
    }

    public async Task PublishEventAsync(EventMessage message, CancellationToken ct)
    {
        var properties = LaneMessage.Properties();
        properties.MessageId = message.Id.ToString("D");
        properties.Type = message.Name;
        properties.Headers = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (message.TraceParent is { } trace)
            properties.Headers["traceparent"] = trace;
        if (message.RunId is { } run)
            properties.Headers["fleet-run-id"] = run.ToString();
        await DeclareSharedAsync(ct);
        await _channel.PublishAsync(RabbitMqTopology.Events, message.Name, properties, Encoding.UTF8.GetBytes(message.Body), mandatory: false, ct);
    }

    public async Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(BrokerChannel.Patience, _time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await ConsumerMessage.SendAsync(_bus.Bus, message, _time, bounded.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The broker did not answer within {BrokerChannel.Patience}.", e);
        }
    }

    public bool IsOutage(Exception e) => e is TimeoutException or IOException or SocketException or ConnectionException
        or BrokerUnreachableException or AlreadyClosedException;

    public async Task PublishDeadAsync(DeadRun run, CancellationToken ct)
    {
        try
        {
            await _topology.OnceAsync(RabbitMqTopology.DeadOf(run.Lane), (c, bounded) => RabbitMqTopology.DeclareDeadAsync(c, run.Lane, bounded), ct);
            var properties = LaneMessage.Properties();
            properties.MessageId = run.Id.ToString();
            // To the queue by its name, over the default exchange.
            await _channel.PublishAsync("", RabbitMqTopology.DeadOf(run.Lane), properties, Describe(run), mandatory: true, ct);
        }
        catch (Exception e)
        {
            LogDeadLost(run.Job, run.Id, e);
        }
    }

    public async Task<long?> CountWaitingAsync(string lane, CancellationToken ct)
    {
        var ready = await CountReadyAsync(lane, ct);
        // When the management interface does not say, as without it: what workers hold is not counted, and a lost nudge is still found.
        return ready + (_management is null ? 0 : await _management.CountUnacknowledgedAsync(RabbitMqTopology.QueueOf(lane), ct) ?? 0);
    }

    public async Task<bool> IsDrainedAsync(string lane, CancellationToken ct) => await CountReadyAsync(lane, ct) == 0;

    public async Task<IAsyncDisposable> SubscribeAsync(string lane, int slots, LaneHandlers handlers, CancellationToken ct)
    {
        // Enough messages at once that nudges fill the slots, also when these have grown, while the next claim is under way, and that
        // runs which come as messages share their commit.
        var concurrency = Math.Clamp(slots / 4, 8, 32);
        // What waits in the lane itself is taken whether there is room or not.
        var subscribing = Listen(RabbitMqTopology.QueueOf(lane), RabbitMqTopology.LaneArguments, handlers with { HasRoom = null });
        if (handlers.HasRoom is null)
            return await subscribing;
        return new Subscriptions(await Task.WhenAll(
            subscribing, Listen(RabbitMqTopology.EarlyOf(lane), RabbitMqTopology.EarlyArguments(lane), handlers)));

        Task<IAsyncDisposable> Listen(string name, IReadOnlyDictionary<string, object> arguments, LaneHandlers called)
        {
            var receiver = new LaneReceiver(lane, called, _channel, _time, _logger);
            var handle = _bus.ConnectReceiveEndpoint(name, (_, endpoint) =>
            {
                endpoint.ConfigureConsumeTopology = false;
                endpoint.PrefetchCount = concurrency;
                endpoint.ConcurrentMessageLimit = concurrency;
                endpoint.ConfigureReceive(pipe => pipe.UseFilter(receiver));
                var queue = (IRabbitMqReceiveEndpointConfigurator)endpoint;
                foreach (var (argument, value) in arguments)
                    queue.SetQueueArgument(argument, value);
                // Before MassTransit's own declarations, whenever it connects.
                queue.ConfigureChannel(pipe => pipe.UseExecuteAsync(async context =>
                {
                    await RabbitMqTopology.DeclareSharedAsync(context.Channel, context.CancellationToken);
                    await RabbitMqTopology.DeclareLaneAsync(context.Channel, lane, context.CancellationToken);
                    if (called.HasRoom is not null)
                        await RabbitMqTopology.DeclareEarlyAsync(context.Channel, lane, context.CancellationToken);
                }));
            });
            return StartAsync(handle, lane, receiver.StopAsync, receiver.Dispose, ct);
        }
    }

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var receiver = new ControlReceiver(onControl, _logger);
        var handle = _bus.ConnectReceiveEndpoint($"{RabbitMqTopology.Control}.{Guid.NewGuid():N}", (_, endpoint) =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.ConfigureReceive(pipe => pipe.UseFilter(receiver));
            // Exclusive: it goes with the connection. RabbitMQ 4.3 refuses queues that are transient and shared.
            var queue = (IRabbitMqReceiveEndpointConfigurator)endpoint;
            (queue.Durable, queue.AutoDelete, queue.Exclusive) = (false, true, true);
            queue.Bind(RabbitMqTopology.Control, exchange => (exchange.ExchangeType, exchange.Durable, exchange.AutoDelete) = (ExchangeType.Fanout, true, false));
        });
        return await StartAsync(handle, "control", () => Task.CompletedTask, () => { }, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _heldLoop;
        await _held.DisposeAsync();
        _stop.Dispose();
        _belt.Dispose();
        foreach (var channel in new[] { _beltChannel, _channel, _topology })
            await channel.DisposeAsync();
        // A nudge that was flushed after the bus had stopped opened a connection that nobody else closes.
        await ((IRabbitMqHostConfiguration)_bus.HostConfiguration).ConnectionContextSupervisor.Stop("The transport is disposed.");
        _management?.Dispose();
    }

    private async Task SendAsync(string lane, byte[] body, CancellationToken ct)
    {
        await DeclareLaneAsync(lane, ct);
        try
        {
            await _channel.PublishAsync(RabbitMqTopology.Lanes, lane, LaneMessage.Properties(), body, mandatory: true, ct);
        }
        catch (PublishException e) when (e.IsReturn)
        {
            // Somebody deleted the queue since we declared it.
            LogUnroutable(lane);
            _topology.Forget(lane);
            await DeclareLaneAsync(lane, ct);
            await _channel.PublishAsync(RabbitMqTopology.Lanes, lane, LaneMessage.Properties(), body, mandatory: true, ct);
        }
    }

    private async Task DeclareLaneAsync(string lane, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        await _topology.OnceAsync(lane, (c, bounded) => RabbitMqTopology.DeclareLaneAsync(c, lane, bounded), ct);
    }

    private async Task<uint> CountReadyAsync(string lane, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        return await _topology.UseAsync((c, bounded) => RabbitMqTopology.DeclareLaneAsync(c, lane, bounded), ct);
    }

    private Task DeclareSharedAsync(CancellationToken ct) => _topology.OnceAsync("", RabbitMqTopology.DeclareSharedAsync, ct);

    /// <summary>A broker that is down does not keep a process from starting; what listens connects as soon as it is up.</summary>
    private async Task<IAsyncDisposable> StartAsync(HostReceiveEndpointHandle handle, string what, Func<Task> stop, Action dispose, CancellationToken ct)
    {
        try
        {
            await handle.Ready.WaitAsync(SetUpPatience, _time, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogNotListening(what, e);
        }

        return new Subscription(handle, stop, dispose);
    }

    private static byte[] Describe(DeadRun run)
    {
        using var args = JsonDocument.Parse(run.Args);
        return JsonSerializer.SerializeToUtf8Bytes(
            new { run.Id, run.Job, run.Lane, Args = args.RootElement, run.Attempt, run.Error, run.ErrorType, run.FailedAt }, FleetJson.Payload);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of lane {Lane} is gone; it is declared anew.")]
    private partial void LogUnroutable(string lane);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker does not answer yet; '{What}' is listened to as soon as it does.")]
    private partial void LogNotListening(string what, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A control message could not be sent; workers learn of it with their next heartbeat.")]
    private partial void LogControlLost(Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The dead copy of {Job} {RunId} could not be published; its row has it all.")]
    private partial void LogDeadLost(string job, RunId runId, Exception e);

    private sealed class Subscriptions(IAsyncDisposable[] all) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await Task.WhenAll(all.Select(s => s.DisposeAsync().AsTask()));
    }

    private sealed class Subscription(HostReceiveEndpointHandle handle, Func<Task> stop, Action dispose) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await stop();
            await handle.StopAsync();
            dispose();
        }
    }
}
