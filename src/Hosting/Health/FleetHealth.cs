using Fleet.Core.Setup;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Hosting.Health;

/// <summary>Health of a process, for container platforms and load balancers.</summary>
public static class FleetHealth
{
    /// <summary>Adds the check <c>database</c>, and those of the transport (<c>broker</c> with RabbitMQ), to the program's health
    /// checks.</summary>
    public static IServiceCollection AddFleetHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<DatabaseHealth>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database").Services.AddOptions<HealthCheckServiceOptions>()
            .Configure<IEnumerable<FleetHealthCheck>>((health, checks) =>
            {
                foreach (var check in checks)
                {
                    health.Registrations.Add(new HealthCheckRegistration(
                        check.Name, provider => (IHealthCheck)provider.GetRequiredService(check.Type), failureStatus: null, tags: null));
                }
            });
        return services;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static WebApplication MapFleetHealth(this WebApplication app)
    {
        HealthEndpoints.Map(app);
        return app;
    }
}
