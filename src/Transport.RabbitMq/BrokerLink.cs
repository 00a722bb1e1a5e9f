using System.Net.Sockets;
using Fleet.Core.Lanes;
using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using PublishException = RabbitMQ.Client.Exceptions.PublishException;

namespace Fleet.Transport.RabbitMq;

/// <summary>What all roles share: the connection to the broker, a channel for each kind of use, and the declarations. MassTransit owns the
/// connection and the consumers; Fleet sends over channels of its own, with confirms. A broker that is down heals by itself: consumers
/// connect again, and senders throw meanwhile.</summary>
internal sealed class BrokerLink : IAsyncDisposable
{
    private readonly IBusInstance<IFleetBus> _bus;
    private readonly BrokerAlarms _alarms;

    public BrokerLink(IBusInstance<IFleetBus> bus, SideConnection side, BrokerAlarms alarms, BrokerProblems problems, TimeProvider time)
    {
        (_bus, _alarms) = (bus, alarms);
        Declarations = new BrokerDeclarations(problems, time);
        (Topology, Nudges, Belts) = (Channel(OpenBusAsync), Channel(OpenBusAsync), Channel(OpenBusAsync));
        Foreign = Channel(side.OpenAsync);

        BrokerChannel Channel(Func<CancellationToken, Task<IConnection>> connect) => new(connect, problems, time);
    }

    public BrokerDeclarations Declarations { get; }

    // A refusal closes its channel and everything that is under way on it, so each kind of use has a channel of its own.

    /// <summary>The channel for declaring lanes and counting their messages.</summary>
    public BrokerChannel Topology { get; }

    /// <summary>The channel for nudges and control messages.</summary>
    public BrokerChannel Nudges { get; }

    /// <summary>The channel for the belts.</summary>
    public BrokerChannel Belts { get; }

    /// <summary>The channel for what others wrote (events, messages that are returned or parked, dead copies). Such a message may be too
    /// large in every way, so the channel has a connection of its own.</summary>
    public BrokerChannel Foreign { get; }

    /// <summary>True if nudges can be expected to get through.</summary>
    public bool IsConnected => Nudges.IsOpen && _alarms.Blocked is null;

    /// <inheritdoc cref="ITransport.IsOutage"/>
    public static bool IsOutage(Exception e) => e switch
    {
        // The broker answered, and refused this message.
        OperationInterruptedException interrupted => !BrokerRefusal.IsFinal(interrupted),
        ConnectionException { InnerException: PublishException } => false,
        ConnectionException { InnerException: OperationInterruptedException interrupted } => !BrokerRefusal.IsFinal(interrupted),
        _ => e is TimeoutException or IOException or SocketException or ConnectionException or BrokerUnreachableException
            or BrokerUnusableException,
    };

    /// <summary>Declares what does not depend on a lane, unless this was done since the channel was opened.</summary>
    public Task DeclareSharedAsync(CancellationToken ct) => EnsureAsync(Topology, Declaration.Shared, ct);

    /// <summary>Declares a lane, unless this was done since the channel was opened.</summary>
    public async Task DeclareLaneAsync(string lane, CancellationToken ct)
    {
        await DeclareSharedAsync(ct);
        await EnsureAsync(Topology, Declaration.Lane(lane), ct);
    }

    /// <summary>Declares something, unless this was done since the channel was opened.</summary>
    public Task EnsureAsync(BrokerChannel channel, Declaration declaration, CancellationToken ct) =>
        channel.OnceAsync(declaration.Key, (connection, bounded) => Declarations.EnsureAsync(connection, declaration, bounded), ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in new[] { Foreign, Belts, Nudges, Topology })
            await channel.DisposeAsync();
        // A nudge that was flushed after the bus had stopped opened a connection that nobody else closes.
        await ((IRabbitMqHostConfiguration)_bus.HostConfiguration).ConnectionContextSupervisor.Stop("The transport is disposed.");
    }

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
}
