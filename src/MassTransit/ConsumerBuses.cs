using Fleet.Core.Storage.Rows;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.MassTransit;

/// <summary>The buses of the process. A message that a consumer sent through the outbox leaves by a bus on the broker that the consumer
/// listens to; the leader, which sends it, may be another process.</summary>
internal sealed class ConsumerBuses(IServiceProvider services, TimeProvider time)
{
    // Late: a bus that is being made asks for what its consumers need.
    private readonly Lazy<IBusInstance[]> _buses = new(() => [.. services.GetServices<IBusInstance>()]);

    /// <summary>The broker of a consumer, to store with its messages.</summary>
    /// <param name="input">The address of the consumer's endpoint.</param>
    /// <returns>Null: the broker of Fleet's bus, which every leader reaches.</returns>
    public string? BrokerOf(Uri input)
    {
        var own = FleetBus;
        if (own is not null && IsOn(own, input))
            return null;
        return Array.Find(_buses.Value, bus => IsOn(bus, input))?.HostConfiguration.HostAddress.ToString();
    }

    /// <summary>Sends a message of the outbox.</summary>
    /// <exception cref="InvalidOperationException">No bus of this process is on the message's broker; names it.</exception>
    public Task SendAsync(OutboxMessage message, CancellationToken ct) => ConsumerMessage.SendAsync(Find, message, time, ct);

    private IBusInstance? FleetBus => Array.Find(_buses.Value, bus => bus.InstanceType == typeof(IFleetBus));

    private IBus Find(string? broker)
    {
        var bus = broker is null
            ? FleetBus
            : Array.Find(_buses.Value, b => b.HostConfiguration.HostAddress.ToString().Equals(broker, StringComparison.OrdinalIgnoreCase));
        return bus?.Bus ?? throw new InvalidOperationException(
            $"The leader is a program without a bus at {broker ?? "Fleet's broker"}. Let a program that has it lead the fleet.");
    }

    /// <summary>True if the endpoint is on the bus's broker: the same server and, on RabbitMQ, the same virtual host.</summary>
    private static bool IsOn(IBusInstance bus, Uri endpoint)
    {
        var host = bus.HostConfiguration.HostAddress;
        return Uri.Compare(host, endpoint, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0
            && Folder(endpoint.AbsolutePath) == host.AbsolutePath.TrimEnd('/');
    }

    private static string Folder(string path) => path[..path.LastIndexOf('/')];
}
