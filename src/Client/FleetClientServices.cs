using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Fleet.Client;

/// <summary>Registration of the clients.</summary>
public static class FleetClientServices
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

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
        services.TryAddSingleton<FleetServer>();
        services.TryAddSingleton<IFleetClient, HttpFleetClient>();
        services.TryAddSingleton<IScheduleClient, HttpScheduleClient>();
        services.TryAddSingleton<ILiveEvents>(provider => new LiveEventStream(
            () => provider.GetRequiredService<IHttpClientFactory>().CreateClient(FleetServer.HttpClientName),
            provider.GetRequiredService<TimeProvider>()));
        return services.AddHttpClient(FleetServer.HttpClientName)
            .ConfigureHttpClient((provider, http) => Configure(http, provider.GetRequiredService<IOptions<FleetClientOptions>>().Value))
            .UseSocketsHttpHandler((handler, provider) =>
            {
                // A proxy in the environment is meant for the internet and knows nothing of this machine's loopback.
                handler.UseProxy = !provider.GetRequiredService<IOptions<FleetClientOptions>>().Value.Server!.IsLoopback;
                handler.ConnectTimeout = ConnectTimeout;
                // The server reads UTF-8. By default a program's name that is not ASCII would fail every request.
                handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
            });
    }

    private static void Configure(HttpClient http, FleetClientOptions options)
    {
        var server = options.Server!;
        http.BaseAddress = new Uri(ServerAddress.Show(server) + "/");
        // FleetServer limits each attempt.
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (options.User is { } user)
            http.DefaultRequestHeaders.Add("X-Fleet-User", user);
        if (Assembly.GetEntryAssembly()?.GetName().Name is { } program)
            http.DefaultRequestHeaders.TryAddWithoutValidation("X-Fleet-Program", program);
        if (server.UserInfo is { Length: > 0 } credentials)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(credentials))));
        }
    }
}
