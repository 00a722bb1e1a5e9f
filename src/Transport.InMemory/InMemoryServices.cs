using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.MassTransit;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Transport.InMemory;

/// <summary>Registration of the in-memory transport.</summary>
public static class InMemoryServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="configure">Adds the application's own consumers to the bus.</param>
    public static IServiceCollection AddFleetInMemoryTransport(
        this IServiceCollection services, Action<IBusRegistrationConfigurator>? configure = null)
    {
        services.AddOptions<MassTransitHostOptions>().Configure(options => options.WaitUntilStarted = true);
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            configure?.Invoke(bus);
            bus.UsingInMemory((context, factory) => factory.ConfigureEndpoints(context));
        });
        return services.AddFleetOutbox()
            .AddSingleton<WaitingNudges>()
            .AddSingleton<ITransport, InMemoryTransport>()
            .AddSingleton<INudgeSender, InMemoryNudges>()
            .AddSingleton<IBelt, HeldNudges>()
            .AddSingleton<ILaneSource, InMemoryLaneSource>()
            .AddSingleton<ILaneGauge, InMemoryGauge>()
            .AddSingleton<IControlChannel, InMemoryControl>()
            .AddSingleton<IEventSender, InMemoryEvents>()
            .AddSingleton<IDeadCopySender, NoDeadCopies>();
    }
}
