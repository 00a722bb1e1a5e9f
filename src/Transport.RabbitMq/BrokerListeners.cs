using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Something that listens to a queue.</summary>
/// <param name="What">What it listens to, for the log: a lane, or <c>control</c>.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Receiver">Handles the messages.</param>
internal sealed record Listener(string What, string Queue, IFilter<ReceiveContext> Receiver)
{
    /// <summary>What must be declared before it can listen.</summary>
    public required IReadOnlyList<Declaration> Needed { get; init; }

    /// <summary>What is declared as well, but may be missing.</summary>
    public IReadOnlyList<Declaration> Optional { get; init; } = [];

    /// <summary>Sets what is special about the queue.</summary>
    public Action<IRabbitMqReceiveEndpointConfigurator> Configure { get; init; } = _ => { };

    /// <summary>Called before the listener stops.</summary>
    public Func<Task> Stopping { get; init; } = () => Task.CompletedTask;

    /// <summary>Called after the listener has stopped.</summary>
    public Action Stopped { get; init; } = () => { };
}

/// <summary>Listens to queues over MassTransit's connection.</summary>
internal sealed partial class BrokerListeners(
    IBusInstance<IFleetBus> bus, RabbitMqSettings settings, BrokerLink link, BrokerAlarms alarms, BrokerProblems problems,
    TimeProvider time, ILogger<BrokerListeners> logger)
{
    /// <summary>How long a subscription waits for the broker before it goes on and lets MassTransit try by itself.</summary>
    private static readonly TimeSpan SetUpPatience = TimeSpan.FromSeconds(5);

    /// <summary>Listens until the result is disposed. If the broker is down, this process starts anyway, and the listener connects as
    /// soon as the broker is up.</summary>
    public async Task<IAsyncDisposable> ListenAsync(Listener listener, CancellationToken ct)
    {
        DeclareEndpoint? declare = null;
        var handle = bus.ConnectReceiveEndpoint(listener.Queue, (_, configurator) =>
        {
            var endpoint = (IRabbitMqReceiveEndpointConfigurator)configurator;
            endpoint.ConfigureConsumeTopology = false;
            listener.Configure(endpoint);
            endpoint.ConfigureReceive(pipe => pipe.UseFilter(listener.Receiver));
            var queue = ((IRabbitMqReceiveEndpointConfiguration)endpoint).Settings;
            declare = new DeclareEndpoint(listener.Needed, listener.Optional, queue, link.Declarations, alarms, problems, time);
            endpoint.ConfigureChannel(pipe => pipe.UseFilter(declare));
        });
        try
        {
            // A refusal is reported by those who meet it.
            await Task.WhenAny(handle.Ready, declare!.Refused).Unwrap().WaitAsync(SetUpPatience, time, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // The stack of a wait that has ended tells nothing.
            LogNotListening(settings.Host, settings.Port, listener.What, e is TimeoutException ? null : e);
        }

        return new Subscription(handle, listener);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The broker at {Host}:{Port} does not answer yet; Fleet listens to '{What}' as soon as it does. The address is set with "
            + RabbitMqOptions.Section + ":Uri (as an environment variable: Fleet__Transport__Uri), or in code with fleet.UseRabbitMq.")]
    private partial void LogNotListening(string host, int port, string what, Exception? e);

    private sealed class Subscription(HostReceiveEndpointHandle handle, Listener listener) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await listener.Stopping();
            await handle.StopAsync();
            listener.Stopped();
        }
    }
}
