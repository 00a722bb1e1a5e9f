using System.Net;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Tells what is reached from this machine alone.</summary>
internal static class Loopback
{
    /// <summary>Whether a URL that a server listens on is one. A Unix socket is.</summary>
    public static bool Is(string url)
    {
        var binding = BindingAddress.Parse(url);
        return binding.IsUnixPipe || binding.IsNamedPipe || IsName(binding.Host)
            || (IPAddress.TryParse(binding.Host, out var address) && IPAddress.IsLoopback(address));
    }

    /// <summary>Whether a host name always stands for this machine.</summary>
    public static bool IsName(string name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
