using Fleet.Core.Outbox;
using Fleet.MassTransit;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet;

/// <summary>Consumers on Fleet's bus, and Fleet's outbox for consumers on a bus of the program.</summary>
public static class FleetConsumers
{
    // An address of its own: the program may have a bus in memory, too.
    private static readonly Uri Memory = new("loopback://fleet/");

    /// <summary>Adds consumers to Fleet's own bus (<see cref="IFleetBus"/>): on RabbitMQ, or else in memory. There they can use
    /// <see cref="FleetOutbox"/>, and they receive the events of runs (<see cref="FleetEvent"/>) if the transport is in memory.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="configure">Adds the consumers: <c>bus => bus.AddConsumer&lt;OrderConsumer&gt;()</c>. It may not choose a
    /// transport.</param>
    public static FleetBuilder AddConsumers(this FleetBuilder fleet, Action<IBusRegistrationConfigurator> configure)
    {
        fleet.Services.AddSingleton(new BusConsumers(configure));
        return fleet.AddConsumerOutbox().Last(() => AddBusInMemory(fleet.Services));
    }

    /// <summary>Adds what <see cref="FleetOutbox"/> needs, for consumers on a bus that the program has registered with
    /// <c>AddMassTransit</c>.</summary>
    public static FleetBuilder AddConsumerOutbox(this FleetBuilder fleet)
    {
        fleet.Services.AddFleetOutbox();
        var services = fleet.Services;
        return fleet.Last(() =>
        {
            // Other transports have events of their own.
            if (fleet.Transport is { ReachesOtherProcesses: false })
                services.Replace(ServiceDescriptor.Singleton<IEventSender, BusEvents>());
        });
    }

    /// <summary>What consumers the program adds to Fleet's bus.</summary>
    internal static BusConsumers[] FindConsumers(this IServiceCollection services) =>
        [.. services.Select(service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<BusConsumers>()];

    /// <summary>See <see cref="StartedBuses"/>. After <c>AddMassTransit</c>.</summary>
    internal static IServiceCollection StopOnlyStartedBuses(this IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton<IBusDepot, StartedBuses>());

    private static void AddBusInMemory(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(IFleetBus)))
            return;
        services.AddMassTransit<IFleetBus>(bus =>
        {
            foreach (var consumers in services.FindConsumers())
                consumers.Configure(bus);
            bus.UsingInMemory(Memory, (context, factory) => factory.ConfigureEndpoints(context));
        });
        services.StopOnlyStartedBuses().AddHostedService<FleetBusReady>();
    }
}

/// <summary>Consumers for Fleet's bus.</summary>
internal sealed record BusConsumers(Action<IBusRegistrationConfigurator> Configure);
