using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet;

/// <summary>RabbitMQ as Fleet's transport.</summary>
public static class FleetRabbitMq
{
    /// <summary>Sends Fleet's messages over RabbitMQ, so that any number of processes can share the work.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="uri"><c>amqp://user:password@host:port/vhost</c>, or <c>amqps</c>. Null: that of the configuration,
    /// <c>Fleet:Transport:Uri</c>.</param>
    /// <param name="configure">Sets the rest, such as the management interface.</param>
    public static FleetBuilder UseRabbitMq(this FleetBuilder fleet, string? uri = null, Action<RabbitMqOptions>? configure = null) =>
        fleet.UseTransport(new TransportChoice("RabbitMq", ReachesOtherProcesses: true, services =>
        {
            services.AddOptions<RabbitMqOptions>().Bind(fleet.Configuration.GetSection(RabbitMqOptions.Section))
                .PostConfigure(broker =>
                {
                    broker.Uri = uri ?? broker.Uri;
                    configure?.Invoke(broker);
                })
                .ValidateWith(broker => broker.Check());
            services.AddSingleton(provider => provider.GetRequiredService<IOptions<RabbitMqOptions>>().Value.Read(
                    provider.GetRequiredService<IOptions<BeltOptions>>().Value.LookAhead))
                .AddRabbitMq();
        }));

    /// <inheritdoc cref="UseRabbitMq(FleetBuilder, string?, Action{RabbitMqOptions}?)"/>
    public static FleetBuilder UseRabbitMq(this FleetBuilder fleet, Uri uri, Action<RabbitMqOptions>? configure = null) =>
        fleet.UseRabbitMq(uri.OriginalString, configure);
}
