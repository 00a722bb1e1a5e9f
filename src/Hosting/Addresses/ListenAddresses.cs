using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace Fleet.Hosting.Addresses;

/// <summary>Where a program is told to listen.</summary>
/// <param name="Text">As it was set.</param>
/// <param name="Hint">Where it is set, in a sentence.</param>
internal sealed record ListenAddress(string Text, string Hint);

/// <summary>How the programs of Fleet set their address; other programs have those of ASP.NET.</summary>
/// <param name="Hint">A sentence.</param>
internal sealed record AddressSetting(string Hint);

/// <summary>Finds the addresses at which Kestrel is going to listen, in Kestrel's order of precedence.</summary>
internal static class ListenAddresses
{
    private const string Default = "http://localhost:5000";

    private const string UrlsHint =
        "is set with ASPNETCORE_URLS, --urls, Urls in the configuration, or applicationUrl in launchSettings.json.";

    /// <summary>Finds them before the start.</summary>
    /// <returns>None if they cannot be known.</returns>
    public static IReadOnlyList<ListenAddress> Of(
        IServer server, KestrelServerOptions kestrel, IConfiguration configuration, AddressSetting? setting)
    {
        if (FindInCode(kestrel) is not { } inCode)
            return [];
        ListenAddress[] endpoints = [.. inCode, .. FindEndpoints(kestrel)];
        var urls = FindUrls(server, configuration, setting);
        // Endpoints that the code or the section Kestrel names take the place of the URLs.
        if (endpoints.Length > 0 && !(urls.Count > 0 && configuration.GetValue<bool>(WebHostDefaults.PreferHostingUrlsKey)))
            return endpoints;
        return urls.Count > 0 ? urls : [new ListenAddress(Default, $"It is the default; another {UrlsHint}")];
    }

    private static List<ListenAddress> FindUrls(IServer server, IConfiguration configuration, AddressSetting? setting)
    {
        if (server.Features.Get<IServerAddressesFeature>() is { Addresses: { Count: > 0 } added })
            return [.. added.Select(url => new ListenAddress(url, "It is set in code (Urls.Add, or app.Run)."))];
        if (configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls)
            return [.. Split(urls).Select(url => new ListenAddress(url, setting?.Hint ?? $"It {UrlsHint}"))];
        return
        [
            .. Ports(configuration, WebHostDefaults.HttpPortsKey, "http"), .. Ports(configuration, WebHostDefaults.HttpsPortsKey, "https"),
        ];
    }

    private static IEnumerable<ListenAddress> Ports(IConfiguration configuration, string key, string scheme) =>
        Split(configuration[key] ?? "").Select(port => new ListenAddress(
            $"{scheme}://*:{port}", $"It is set with ASPNETCORE_{key.ToUpperInvariant()}, or {key} in the configuration."));

    private static IEnumerable<ListenAddress> FindEndpoints(KestrelServerOptions kestrel) =>
        from endpoint in kestrel.ConfigurationLoader?.Configuration.GetSection("Endpoints").GetChildren() ?? []
        where endpoint["Url"] is { Length: > 0 }
        select new ListenAddress(endpoint["Url"]!, $"It is set with {endpoint.Path}:Url.");

    /// <returns>Null if this version of Kestrel does not tell.</returns>
    private static IEnumerable<ListenAddress>? FindInCode(KestrelServerOptions kestrel)
    {
        try
        {
            return InCode(kestrel).Select(endpoint => endpoint.IPEndPoint).OfType<IPEndPoint>().Select(
                endpoint => new ListenAddress(
                    string.Create(CultureInfo.InvariantCulture, $"http://{endpoint}"), "It is set in code (ConfigureKestrel)."));
        }
        catch (MissingMethodException)
        {
            return null;
        }
    }

    private static string[] Split(string list) =>
        list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // There is no public way. Without it, a URL that Kestrel is not going to use would refuse a start.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> InCode(KestrelServerOptions kestrel);
}
