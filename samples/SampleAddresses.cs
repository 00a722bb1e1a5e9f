using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Fleet.Samples;

/// <summary>Where the samples find the API: as configured, else where this process itself listens.</summary>
/// <param name="options">The configured addresses.</param>
/// <param name="servers">This process's server; none in a worker without an API.</param>
internal sealed class SampleAddresses(IOptions<SamplesOptions> options, IEnumerable<IServer> servers)
{
    private static readonly TimeSpan StartPause = TimeSpan.FromSeconds(1);

    /// <summary>The address of a path of the API.</summary>
    /// <exception cref="RetryAfterException">This process does not listen yet.</exception>
    public Uri Api(string path) => new(options.Value.ApiBase.Length > 0 ? new Uri(options.Value.ApiBase) : Own(), path);

    /// <summary>What <c>samples.sync</c> pulls from.</summary>
    /// <inheritdoc cref="Api" path="/exception"/>
    public string Source => options.Value.SourceUrl.Length > 0 ? options.Value.SourceUrl : Api(SampleEndpoints.RecordsPath).ToString();

    /// <summary>Asked for at run time: a free port is known only once the server listens.</summary>
    private Uri Own()
    {
        if (!servers.Any())
            throw new NonRetryableException($"{SamplesOptions.Section}:ApiBase is not set, and this process serves no API of its own.");
        var addresses = servers.SelectMany(s => s.Features.Get<IServerAddressesFeature>()?.Addresses ?? []);
        return FirstOf(addresses) ?? throw new RetryAfterException(StartPause, "This process does not listen yet.");
    }

    /// <summary>The first address with a port, with a host that can be called instead of "any".</summary>
    internal static Uri? FirstOf(IEnumerable<string> addresses) => addresses
        .Select(BindingAddress.Parse)
        .Where(a => a is { IsUnixPipe: false, IsNamedPipe: false, Port: > 0 })
        .Select(a => new UriBuilder(a.Scheme, a.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : a.Host, a.Port).Uri)
        .FirstOrDefault();
}
