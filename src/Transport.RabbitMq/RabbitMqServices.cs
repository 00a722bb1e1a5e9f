using System.Net.Security;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Setup;
using Fleet.MassTransit;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Fleet.Transport.RabbitMq;

/// <summary>Registration of the RabbitMQ transport.</summary>
internal static class RabbitMqServices
{
    /// <summary>Adds the transport with the <see cref="RabbitMqSettings"/> of the services.</summary>
    internal static IServiceCollection AddRabbitMq(this IServiceCollection services)
    {
        services.AddMassTransit<IFleetBus>(bus =>
        {
            foreach (var consumers in services.FindConsumers())
                consumers.Configure(bus);
            bus.UsingRabbitMq((context, factory) =>
            {
                var settings = context.GetRequiredService<RabbitMqSettings>();
                factory.Host(settings.Host, settings.Port, settings.VirtualHost, "fleet", host => Configure(host, settings));
                factory.ConfigureEndpoints(context);
            });
        });
        services.StopOnlyStartedBuses().TryAddSingleton<ConsumerBuses>();
        services.AddSingleton<BrokerAlarms>().AddSingleton<BrokerProblems>().AddSingleton<SideConnection>();
        services.AddSingleton<BrokerHealth>().AddSingleton(new FleetHealthCheck("broker", typeof(BrokerHealth)));
        services.AddSingleton(MakeManagement).AddHostedService<WatchPolicies>();
        return services
            .AddSingleton<BrokerLink>().AddSingleton<BrokerListeners>().AddSingleton<ForeignFleets>()
            .AddSingleton<ITransport, RabbitMqTransport>()
            .AddSingleton<INudgeSender, RabbitMqNudges>()
            .AddSingleton<IBelt, RabbitMqBelt>()
            .AddSingleton<ILaneSource, RabbitMqLaneSource>()
            .AddSingleton<ILaneGauge, RabbitMqGauge>()
            .AddSingleton<IControlChannel, RabbitMqControl>()
            .AddSingleton<IEventSender, RabbitMqEvents>()
            .AddSingleton<IDeadCopySender, RabbitMqDeadCopies>();
    }

    // The container passes null to those who take it or null.
    private static ManagementApi MakeManagement(IServiceProvider provider) =>
        provider.GetRequiredService<RabbitMqSettings>() is { ManagementUri: not null } settings
            ? new ManagementApi(
                settings, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ManagementApi>>())
            : null!;

    private static void Configure(IRabbitMqHostConfigurator host, RabbitMqSettings settings)
    {
        host.Username(settings.User);
        host.Password(settings.Password);
        host.PublisherConfirmation = true;
        host.MaxMessageSize(BrokerConnection.MaxMessageBytes);
        if (!settings.UsesTls)
            return;
        host.UseSsl(ssl =>
        {
            ssl.ServerName = settings.Host;
            ssl.Protocol = BrokerConnection.TlsVersions;
            // By default MassTransit takes any certificate whoever signed it, and gives it the password.
            ssl.EnforcePolicyErrors(
                SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch
                    | SslPolicyErrors.RemoteCertificateNotAvailable);
            if (settings.Trust is { } trust)
                ssl.CertificateValidationCallback = trust.IsTrusted;
        });
    }
}
