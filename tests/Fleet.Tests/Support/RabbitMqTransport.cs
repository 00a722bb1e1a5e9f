using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

internal static class RabbitMqTransport
{
    /// <summary>Adds the transport without the rest of Fleet.</summary>
    public static IServiceCollection AddFleetRabbitMqTransport(this IServiceCollection services, RabbitMqSettings settings)
    {
        services.AddHealthChecks().AddCheck<BrokerHealth>("broker");
        return services.AddSingleton(settings).AddRabbitMq();
    }
}
