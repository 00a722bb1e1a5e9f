using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Hosting.Health;

/// <summary>Health of a process, for container platforms and load balancers.</summary>
public static class FleetHealth
{
    /// <summary>Adds the check of the database. A transport adds its own.</summary>
    public static IServiceCollection AddFleetHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<DatabaseHealth>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database");
        return services;
    }

    /// <summary>Maps <c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static WebApplication MapFleetHealth(this WebApplication app)
    {
        // Without this call, ASP.NET Core chooses the endpoint before the middleware that was added earlier.
        app.UseRouting();
        HealthEndpoints.Map(app);
        return app;
    }
}
