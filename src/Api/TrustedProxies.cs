using System.Net;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;

namespace Fleet.Api;

/// <summary>The reverse proxies in front of a program that is Fleet alone. What they say of the caller counts: its address
/// (<c>X-Forwarded-For</c>), and whether it came by HTTPS (<c>X-Forwarded-Proto</c>). Nobody else is believed.</summary>
internal static class TrustedProxies
{
    /// <summary>The setting: addresses and networks with semicolons between them.</summary>
    public const string Key = "Fleet:Api:Proxies";

    private static readonly char[] Separators = [';', ',', ' '];

    /// <summary>Reads the setting.</summary>
    /// <returns>Null if it names none.</returns>
    /// <exception cref="InvalidOperationException">An entry is neither an address nor a network.</exception>
    public static ForwardedHeadersOptions? Read(IConfiguration configuration)
    {
        if (configuration[Key]?.Split(Separators, StringSplitOptions.RemoveEmptyEntries) is not { Length: > 0 } entries)
            return null;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            // Back to the first address that is none of ours: what stands before that, the caller may have made up.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var entry in entries)
        {
            if (IPAddress.TryParse(entry, out var address))
                options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(entry, out var network))
                options.KnownIPNetworks.Add(network);
            else
                throw new InvalidOperationException(
                    $"{Key}: '{RunRules.Show(entry)}' is not allowed; allowed are addresses and networks, such as 10.0.0.7;10.1.0.0/16.");
        }

        return options;
    }
}
