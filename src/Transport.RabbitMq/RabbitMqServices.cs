using System.Net.Security;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.MassTransit;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
                factory.Host(settings.Host, settings.Port, settings.VirtualHost, "fleet", host => Configure(host, settings));
                factory.ConfigureEndpoints(context);
            });
        });
        services.AddSingleton<BrokerAlarms>().AddSingleton<BrokerProblems>().AddSingleton<SideConnection>();
        services.AddSingleton<BrokerHealth>().AddHealthChecks().AddCheck<BrokerHealth>("broker");
        if (configure is not null)
            services.AddFleetOutbox();
        if (settings.ManagementUri is not null)
            services.AddManagement(settings);
        return services.AddSingleton(settings)
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

    private static void AddManagement(this IServiceCollection services, RabbitMqSettings settings) => services
        .AddSingleton(provider => new ManagementApi(
            settings, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ManagementApi>>()))
        .AddSingleton(provider => new PolicyLoop(
            provider.GetRequiredService<ManagementApi>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PolicyLoop>>()))
        .AddHostedService<WatchPolicies>();

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
