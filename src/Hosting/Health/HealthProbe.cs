using System.Net;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Fleet.Hosting.Health;

/// <summary>A service asked for its health by its own program: images without a shell have nothing else to ask with.
/// <c>dotnet Fleet.Worker.dll health</c>, with the settings of the service, is the health check of its container.</summary>
public static class HealthProbe
{
    /// <summary>The one argument of a program that is to probe and not to serve.</summary>
    public const string Argument = "health";

    // Below the time that containers give their checks.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(4);

    /// <summary>Asks the service that listens where the environment's <see cref="FleetHost.ApiUrlsKey"/> says.</summary>
    /// <returns>The exit code: 0 when it is ready; 1 with a line on stderr when it is not, or when nobody answers.</returns>
    public static async Task<int> RunAsync()
    {
        var urls = new ConfigurationBuilder().AddEnvironmentVariables().Build()[FleetHost.ApiUrlsKey] ?? FleetHost.DefaultApiUrls;
        if (AddressOf(urls) is not { } address)
            return await FailAsync($"{FleetHost.ApiUrlsKey}: '{urls}' cannot be probed; allowed is http://host:port with a fixed port.");
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnswerTime };
            using var answer = await http.GetAsync(new Uri(address, "/health/ready"));
            return answer.IsSuccessStatusCode ? 0 : await FailAsync(await answer.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return await FailAsync($"No answer at {address}: {e.Message}");
        }
    }

    /// <summary>Where a service that listens on these URLs is reached from its own machine.</summary>
    /// <param name="urls">As Kestrel takes them, separated by semicolons; the first counts.</param>
    /// <returns>Null when it is no HTTP address, or one whose port is chosen at the start.</returns>
    internal static Uri? AddressOf(string urls)
    {
        try
        {
            var binding = BindingAddress.Parse(urls.Split(';')[0]);
            // Every other name, such as *, stands for all addresses.
            var isOne = binding.Host == "localhost"
                || (IPAddress.TryParse(binding.Host, out var ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any));
            return binding is { Scheme: "http", Port: > 0, IsUnixPipe: false }
                ? new UriBuilder("http", isOne ? binding.Host : "127.0.0.1", binding.Port).Uri
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static async Task<int> FailAsync(string reason)
    {
        await Console.Error.WriteLineAsync(ControlCharacters.EscapeLines(Secrets.Hide(reason)));
        return 1;
    }
}
