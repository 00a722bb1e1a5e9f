using System.Net.Http.Headers;
using System.Reflection;
using System.Text;

namespace Fleet.Client;

/// <summary>The HTTP client for a Fleet server, in a program with services and in one without.</summary>
internal static class FleetHttp
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A client for a program without services, which disposes of it.</summary>
    /// <param name="options">Where the server is.</param>
    public static HttpClient Create(FleetClientOptions options)
    {
        var handler = new SocketsHttpHandler();
        Configure(handler, options);
        var http = new HttpClient(handler);
        Configure(http, options);
        return http;
    }

    /// <summary>Sends an API key with every request from now on.</summary>
    public static void UseKey(HttpClient http, string key) =>
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

    public static void Configure(SocketsHttpHandler handler, FleetClientOptions options)
    {
        // A proxy in the environment is meant for the internet and knows nothing of this machine's loopback.
        handler.UseProxy = !options.Server!.IsLoopback;
        handler.ConnectTimeout = ConnectTimeout;
        // The server reads UTF-8. By default a program's name that is not ASCII would fail every request.
        handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8;
    }

    public static void Configure(HttpClient http, FleetClientOptions options)
    {
        var server = options.Server!;
        http.BaseAddress = new Uri(ServerAddress.Show(server) + "/");
        // FleetServer limits each attempt.
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (options.User is { } user)
            http.DefaultRequestHeaders.TryAddWithoutValidation("X-Fleet-User", user);
        if (Assembly.GetEntryAssembly()?.GetName().Name is { } program)
            http.DefaultRequestHeaders.TryAddWithoutValidation("X-Fleet-Program", program);
        if (server.GetComponents(UriComponents.UserInfo, UriFormat.UriEscaped) is { Length: > 0 } credentials)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(credentials))));
        }
    }
}
