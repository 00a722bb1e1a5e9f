using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Client;

/// <summary>Registration of the clients.</summary>
public static class FleetClientServices
{
    /// <summary>Adds <see cref="IFleetClient"/>, <see cref="IScheduleClient"/> and <see cref="ILiveEvents"/> for a Fleet server:
    /// <c>services.AddFleetClient(o => o.Server = new Uri("http://fleet:8710"))</c>. The program needs no access to Fleet's database or
    /// broker.</summary>
    /// <param name="services">The services of the program.</param>
    /// <param name="configure">Sets options; it wins over the configuration (<see cref="FleetClientOptions.Section"/>).</param>
    /// <returns>The builder of the HTTP client, for further handlers.</returns>
    /// <remarks>The options are checked when the host starts, or at the first use.</remarks>
    public static IHttpClientBuilder AddFleetClient(this IServiceCollection services, Action<FleetClientOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        var options = services.AddOptions<FleetClientOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<FleetClientOptions>, ReadFleetClientOptions>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FleetClientOptions>, CheckFleetClientOptions>());
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton(provider => new FleetServer(
            () => provider.GetRequiredService<IHttpClientFactory>().CreateClient(FleetServer.HttpClientName), OptionsOf(provider),
            provider.GetRequiredService<TimeProvider>())
        {
            OnDeprecated = new DeprecationLog(provider.GetRequiredService<ILogger<DeprecationLog>>()).Tell,
        });
        services.TryAddSingleton<IFleetClient, HttpFleetClient>();
        services.TryAddSingleton<IScheduleClient, HttpScheduleClient>();
        services.TryAddSingleton(provider => new LiveEventStream(
            () => provider.GetRequiredService<IHttpClientFactory>().CreateClient(FleetServer.HttpClientName),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<ILiveEvents>(provider => provider.GetRequiredService<LiveEventStream>());
        return services.AddHttpClient(FleetServer.HttpClientName)
            .ConfigureHttpClient((provider, http) => FleetHttp.Configure(http, OptionsOf(provider)))
            .UseSocketsHttpHandler((handler, provider) => FleetHttp.Configure(handler, OptionsOf(provider)));
    }

    private static FleetClientOptions OptionsOf(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<FleetClientOptions>>().Value;
}
