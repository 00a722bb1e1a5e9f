using Fleet.Core.Lanes;
using Fleet.Transport.Consumers;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Transport.RabbitMq;

/// <summary>Registration of the RabbitMQ transport.</summary>
public static class RabbitMqServices
{
    /// <param name="services">The services of the process.</param>
    /// <param name="settings">The broker.</param>
    /// <param name="configure">Adds the application's own consumers to the bus.</param>
    public static IServiceCollection AddFleetRabbitMqTransport(
        this IServiceCollection services, RabbitMqSettings settings, Action<IBusRegistrationConfigurator>? configure = null)
    {
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            configure?.Invoke(bus);
            bus.UsingRabbitMq((context, factory) =>
            {
                factory.Host(settings.Host, settings.Port, settings.VirtualHost, "fleet", host =>
                {
                    host.Username(settings.User);
                    host.Password(settings.Password);
                    host.PublisherConfirmation = true;
                    if (settings.UsesTls)
                        host.UseSsl(ssl => ssl.ServerName = settings.Host);
                });
                factory.ConfigureEndpoints(context);
            });
        });
        services.AddSingleton<BrokerHealth>().AddHealthChecks().AddCheck<BrokerHealth>("broker");
        if (configure is not null)
            services.AddFleetOutbox();
        return services.AddSingleton(settings).AddSingleton<ILaneTransport, RabbitMqLaneTransport>();
    }
}
