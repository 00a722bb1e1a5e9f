using System.Net;
using Fleet.Api.Access;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Fleet.Api;

/// <summary>The names under which a server answers. A page of somebody else can have its own name resolve to our address (DNS rebinding);
/// the browser then takes that page and us for one site. Only the name in the header <c>Host</c> still tells.</summary>
public sealed class AllowedHosts
{
    /// <summary>The setting: names with semicolons between them.</summary>
    public const string Key = "Fleet:Api:Hosts";

    private const string Allowed =
        "host names without scheme and port and with semicolons between them, such as fleet.example.com;*.corp.example, or * for any";

    private static readonly char[] Separators = [';', ',', ' '];

    private readonly List<StringSegment>? _names;
    private readonly Lazy<bool> _isOnLoopbackOnly;

    /// <param name="setting">What <see cref="Key"/> says. Null or empty: no names but <c>localhost</c>. Addresses need not be named: where
    /// the server listens on loopback alone, those of loopback are answered, else all.</param>
    /// <param name="server">Tells where it listens.</param>
    /// <exception cref="InvalidOperationException">An entry is no host name; names the setting.</exception>
    public AllowedHosts(string? setting, IServer server)
    {
        _names = string.IsNullOrWhiteSpace(setting)
            ? null
            : [.. setting.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Select(Check)];
        // Known once the server has started, and not before.
        _isOnLoopbackOnly = new(
            () => server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses && addresses.All(Loopback.Is));
    }

    private AllowedHosts() => _isOnLoopbackOnly = new(true);

    /// <summary>Loopback names and addresses.</summary>
    public static AllowedHosts LoopbackAlone { get; } = new();

    /// <summary>What is allowed, for people.</summary>
    public string Description => _names is null
        ? "localhost or an address of this server"
        : "localhost, or one of " + string.Join(", ", _names);

    /// <summary>Whether a request for this host is answered.</summary>
    public bool Allows(HostString host)
    {
        if (!host.HasValue)
            return false;
        var name = host.Host.TrimEnd('.');
        var isAddress = IPAddress.TryParse(name, out var address);
        if (isAddress ? IPAddress.IsLoopback(address!) : Loopback.IsName(name))
            return true;
        if (_names is not null && HostString.MatchesAny(name, _names))
            return true;
        // An address is no name that somebody else could resolve to ours. Every other name is.
        return !_isOnLoopbackOnly.Value && isAddress;
    }

    private static StringSegment Check(string name)
    {
        var bare = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
        return name == "*" || Uri.CheckHostName(bare) != UriHostNameType.Unknown
            ? name
            : throw new InvalidOperationException($"{Key}: '{name}' is not allowed; allowed are {Allowed}.");
    }
}
