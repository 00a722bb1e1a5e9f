using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Fleet.MassTransit;
using MassTransit;
using MassTransit.RabbitMqTransport;
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

    /// <summary>How long a stop waits for the broker to take the nudges that this process holds.</summary>
    private static readonly TimeSpan HandOverLimit = TimeSpan.FromSeconds(2);

    /// <summary>Of a frame of 128 KB, what MassTransit's own properties leave.</summary>
    private const int MaxConsumerHeaders = 120_000;

    /// <summary>How often it is told that copies of dead runs are lost.</summary>
    private static readonly TimeSpan BetweenDeadLost = TimeSpan.FromSeconds(10);

    /// <summary>How many events that are too large are told of.</summary>
    private const int MostTold = 1_000;

    private readonly IBusInstance _bus;
    private readonly TimeProvider _time;
    private readonly ILogger<RabbitMqLaneTransport> _logger;
    private readonly RabbitMqSettings _settings;
    private readonly BrokerDeclarations _declarations;
    private readonly BrokerAlarms _alarms;
    private readonly BrokerProblems _problems;
    private readonly ManagementApi? _management;
    // A refusal closes its channel and all that is under way on it, so each kind of use has one of its own.
    private readonly BrokerChannel _topology;
    private readonly BrokerChannel _channel;
    private readonly BrokerChannel _beltChannel;
    // What others wrote (events, messages that go back or are parked, dead copies) may be too large in every way: it has a connection of
    // its own.
    private readonly BrokerChannel _foreign;
    private readonly ConcurrentDictionary<Guid, bool> _tooLarge = new();
    private readonly ConcurrentDictionary<string, LaneGate> _gates = new(StringComparer.Ordinal);
    private readonly RabbitMqBelt _belt;
    private readonly InMemoryBelt _held;
    private readonly Setbacks _dead;
    private readonly CancellationTokenSource _stop = new();
    private long _deadLost;
    private long _deadLostTold;
    private readonly Task _heldLoop;
    private readonly Task _policyLoop;

    internal RabbitMqLaneTransport(
        IBusInstance bus,
        RabbitMqSettings settings,
        SideConnection side,
        BrokerAlarms alarms,
        BrokerProblems problems,
        TimeProvider time,
        ILogger<RabbitMqLaneTransport> logger)
    {
        (_bus, _settings, _alarms, _problems, _time, _logger) = (bus, settings, alarms, problems, time, logger);
        _declarations = new BrokerDeclarations(problems, time);
        _management = settings.ManagementUri is null ? null : new ManagementApi(settings, time, logger);
        (_topology, _channel, _beltChannel) = (Channel(OpenBusAsync), Channel(OpenBusAsync), Channel(OpenBusAsync));
        _foreign = Channel(side.OpenAsync);
        _belt = new RabbitMqBelt(
            _beltChannel, DeclareLaneAsync, (number, ct) => EnsureAsync(_topology, Declaration.Belt(number), ct), IsOutage,
            settings.LookAhead, time);
        _held = new InMemoryBelt(time, (lane, ids, ct) => NudgePublisher.SendAllAsync(this, lane, ids, ct), IsOutage, logger);
        _dead = new Setbacks("dead copies", "lane", IsOutage, time, logger);
        _heldLoop = Task.Run(() => _held.RunAsync(_stop.Token));
        _policyLoop = _management is { } asked
            ? Task.Run(() => new PolicyLoop(asked, time, logger).RunAsync(_stop.Token))
            : Task.CompletedTask;

        BrokerChannel Channel(Func<CancellationToken, Task<IConnection>> connect) => new(connect, problems, time);
    }

    public bool ReachesOtherProcesses => true;

    public Task SendReadyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct) => SendAsync(lane, LaneMessage.Write(ids), ct);

    public async Task SendEarlyAsync(string lane, IReadOnlyList<RunId> ids, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        var body = LaneMessage.WriteEarly(ids);
        try
        {
            await GateOf(lane).RunAsync(
                () => _channel.PublishAsync(
                    RabbitMqTopology.Lanes, RabbitMqTopology.EarlyKey(lane), LaneMessage.Properties(persistent: false), body,
                    mandatory: true, ct),
                IsConnected,
                countsRefusal: false,
                ct);
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
        // Whoever cancels a run does not wait for a broker that is known to answer nobody.
        if (_alarms.Blocked is { } blocked)
        {
            LogControlLost(new IOException($"broker blocked: {blocked}"));
            return;
        }

        try
        {
            await DeclareSharedAsync(ct);
            await _channel.PublishAsync(
                RabbitMqTopology.Control, "", LaneMessage.Properties(), JsonSerializer.SerializeToUtf8Bytes(message, FleetJson.Payload),
                mandatory: false, ct);
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
        await EnsureAsync(_foreign, Declaration.Shared, ct);
        try
        {
            await _foreign.PublishAsync(
                RabbitMqTopology.Events, message.Name, properties, Encoding.UTF8.GetBytes(message.Body), mandatory: false, ct);
        }
        catch (MessageTooLargeException e)
        {
            // It is tried again and again; one line is enough.
            if (_tooLarge.Count < MostTold && _tooLarge.TryAdd(message.Id, true))
                LogTooLarge(message.Name, message.Id, e.Message);
            throw;
        }
    }

    public async Task SendConsumerMessageAsync(OutboxMessage message, CancellationToken ct)
    {
        // MassTransit sends it over the bus's connection, which the broker would close.
        if (ConsumerMessage.HeaderBytes(message) is var bytes && bytes > MaxConsumerHeaders)
            throw new MessageTooLargeException(
                $"The message's headers have {bytes} bytes; the broker takes up to {MaxConsumerHeaders} (frame_max).");
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

    public bool IsOutage(Exception e) => e switch
    {
        // The broker answered, and said no to this message.
        OperationInterruptedException interrupted => !BrokerRefusal.IsFinal(interrupted),
        ConnectionException { InnerException: PublishException } => false,
        ConnectionException { InnerException: OperationInterruptedException interrupted } => !BrokerRefusal.IsFinal(interrupted),
        _ => e is TimeoutException or IOException or SocketException or ConnectionException or BrokerUnreachableException
            or BrokerUnusableException,
    };

    public async Task PublishDeadAsync(DeadRun run, CancellationToken ct)
    {
        try
        {
            await _dead.TryAsync(run.Lane, PublishAsync, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            ReportDeadLost(run, e);
        }

        async Task PublishAsync()
        {
            await EnsureAsync(_foreign, Declaration.Dead(run.Lane), ct);
            var properties = LaneMessage.Properties();
            properties.MessageId = run.Id.ToString();
            // To the queue by its name, over the default exchange.
            await _foreign.PublishAsync("", RabbitMqTopology.DeadOf(run.Lane), properties, Describe(run), mandatory: true, ct);
        }
    }

    public async Task<long?> CountWaitingAsync(string lane, CancellationToken ct)
    {
        uint ready;
        try
        {
            ready = await CountReadyAsync(lane, ct);
        }
        catch (Exception e) when (IsOutage(e) && !ct.IsCancellationRequested)
        {
            return null;
        }

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
            var returns = new ReturnMessages(
                lane, _foreign, (needed, c) => EnsureAsync(_foreign, needed, c), _settings.Pauses, _time, _logger);
            var receiver = new LaneReceiver(lane, called, returns);
            Declaration[] needed = called.HasRoom is null
                ? [Declaration.Shared, Declaration.Lane(lane)]
                : [Declaration.Shared, Declaration.Lane(lane), Declaration.Early(lane)];
            DeclareEndpoint? declare = null;
            var handle = _bus.ConnectReceiveEndpoint(name, (_, endpoint) =>
            {
                endpoint.ConfigureConsumeTopology = false;
                endpoint.PrefetchCount = concurrency;
                endpoint.ConcurrentMessageLimit = concurrency;
                endpoint.ConfigureReceive(pipe => pipe.UseFilter(receiver));
                declare = Declare((IRabbitMqReceiveEndpointConfigurator)endpoint, needed, [Declaration.Endpoint(name)]);
            });
            return StartAsync(handle, declare!.Refused, lane, returns.StopAsync, returns.Dispose, ct);
        }
    }

    public async Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
    {
        var receiver = new ControlReceiver(onControl, _logger);
        var name = $"{RabbitMqTopology.Control}.{Guid.NewGuid():N}";
        DeclareEndpoint? declare = null;
        var handle = _bus.ConnectReceiveEndpoint(name, (_, endpoint) =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.ConfigureReceive(pipe => pipe.UseFilter(receiver));
            var queue = (IRabbitMqReceiveEndpointConfigurator)endpoint;
            (queue.Durable, queue.AutoDelete, queue.Exclusive) = (false, true, true);
            declare = Declare(queue, [Declaration.Shared, Declaration.ControlQueue(name)], []);
        });
        return await StartAsync(handle, declare!.Refused, "control", () => Task.CompletedTask, () => { }, ct);
    }

    /// <summary>One line at once, and one every few seconds while it goes on.</summary>
    private void ReportDeadLost(DeadRun run, Exception e)
    {
        var count = Interlocked.Increment(ref _deadLost);
        var last = Interlocked.Read(ref _deadLostTold);
        if (last != 0 && _time.GetElapsedTime(last) < BetweenDeadLost)
            return;
        if (Interlocked.CompareExchange(ref _deadLostTold, _time.GetTimestamp(), last) != last)
            return;
        Interlocked.Add(ref _deadLost, -count);
        LogDeadLost(count, run.Job, run.Id, e);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_heldLoop, _policyLoop);
        using (var enough = new CancellationTokenSource(HandOverLimit, _time))
            await _held.HandOverAsync(HoldRetries.Longest, enough.Token);
        await _held.DisposeAsync();
        _stop.Dispose();
        _belt.Dispose();
        foreach (var channel in new[] { _foreign, _beltChannel, _channel, _topology })
            await channel.DisposeAsync();
        foreach (var gate in _gates.Values)
            gate.Dispose();
        // A nudge that was flushed after the bus had stopped opened a connection that nobody else closes.
        await ((IRabbitMqHostConfiguration)_bus.HostConfiguration).ConnectionContextSupervisor.Stop("The transport is disposed.");
        _management?.Dispose();
    }

    /// <summary>What a listener needs, whenever it connects.</summary>
    private DeclareEndpoint Declare(
        IRabbitMqReceiveEndpointConfigurator endpoint, IReadOnlyList<Declaration> needed, IReadOnlyList<Declaration> optional)
    {
        var settings = ((IRabbitMqReceiveEndpointConfiguration)endpoint).Settings;
        var declare = new DeclareEndpoint(needed, optional, settings, _declarations, _alarms, _problems, _time);
        endpoint.ConfigureChannel(pipe => pipe.UseFilter(declare));
        return declare;
    }

    private Task SendAsync(string lane, byte[] body, CancellationToken ct) =>
        GateOf(lane).RunAsync(() => SendNowAsync(lane, body, ct), IsConnected, countsRefusal: true, ct);

    private async Task SendNowAsync(string lane, byte[] body, CancellationToken ct)
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

    private LaneGate GateOf(string lane) => _gates.GetOrAdd(lane, static (_, time) => new LaneGate(time), _time);

    private bool IsConnected() => _channel.IsOpen && _alarms.Blocked is null;

    private async Task<IConnection> OpenBusAsync(CancellationToken ct)
    {
        IConnection? connection = null;
        var supervisor = ((IRabbitMqHostConfiguration)_bus.HostConfiguration).ConnectionContextSupervisor;
        await supervisor.Send(
            Pipe.ExecuteAsync<ConnectionContext>(context =>
            {
                connection = context.Connection;
                return Task.CompletedTask;
            }),
            ct);
        _alarms.Watch(connection!);
        return connection!;
    }

    private async Task DeclareLaneAsync(string lane, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        await EnsureAsync(_topology, Declaration.Lane(lane), ct);
    }

    private async Task<uint> CountReadyAsync(string lane, CancellationToken ct)
    {
        await DeclareLaneAsync(lane, ct);
        return await _topology.UseAsync((c, bounded) => c.MessageCountAsync(RabbitMqTopology.QueueOf(lane), bounded), ct);
    }

    private Task DeclareSharedAsync(CancellationToken ct) => EnsureAsync(_topology, Declaration.Shared, ct);

    private Task EnsureAsync(BrokerChannel channel, Declaration declaration, CancellationToken ct) =>
        channel.OnceAsync(declaration.Key, (connection, bounded) => _declarations.EnsureAsync(connection, declaration, bounded), ct);

    /// <summary>A broker that is down does not keep a process from starting; what listens connects as soon as it is up.</summary>
    private async Task<IAsyncDisposable> StartAsync(
        HostReceiveEndpointHandle handle, Task refused, string what, Func<Task> stop, Action dispose, CancellationToken ct)
    {
        try
        {
            // A refusal is told by those who meet it.
            await Task.WhenAny(handle.Ready, refused).Unwrap().WaitAsync(SetUpPatience, _time, ct);
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
            new { run.Id, run.Job, run.Lane, Args = args.RootElement, run.Attempt, run.Error, run.ErrorType, run.FailedAt },
            FleetJson.Payload);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of lane {Lane} is gone; it is declared anew.")]
    private partial void LogUnroutable(string lane);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker does not answer yet; '{What}' is listened to as soon as it does.")]
    private partial void LogNotListening(string what, Exception e);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "A control message could not be sent; workers learn of it with their next heartbeat.")]
    private partial void LogControlLost(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Event} {MessageId} cannot be sent and stays in the outbox: {Reason}")]
    private partial void LogTooLarge(string @event, Guid messageId, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The dead copies of {Count} run(s) could not be published since the last such line, such as that of {Job} {RunId}; "
            + "their rows have it all.")]
    private partial void LogDeadLost(long count, string job, RunId runId, Exception e);

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
