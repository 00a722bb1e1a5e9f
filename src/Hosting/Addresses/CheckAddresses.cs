using System.Net;
using System.Net.Sockets;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Hosting.Addresses;

/// <summary>Refuses the start of a program that cannot listen where it is told to. Kestrel would find it out as the last of the hosted
/// services, when the worker is registered and the schedules are written, and tell it with a stack.</summary>
/// <remarks>Only addresses that a socket of Kestrel is going to be bound to are tried, with the program's own way to make it. All others
/// are left to the server.</remarks>
internal sealed class CheckAddresses(IServiceProvider services, IConfiguration configuration) : IStartCheck
{
    private const string Allowed = "allowed is http://HOST:PORT or https://HOST:PORT.";

    public Task CheckAsync(CancellationToken ct)
    {
        if (services.GetService<IServer>() is not { } server || !UsesSockets(server))
            return Task.CompletedTask;
        var addresses = ListenAddresses.Of(
            server, services.GetRequiredService<IOptions<KestrelServerOptions>>().Value, configuration,
            services.GetService<AddressSetting>());
        var sockets = services.GetRequiredService<IOptions<SocketTransportOptions>>().Value;
        var problems = addresses.Select(address => Problem(address, sockets) is { } problem ? $"{problem} {address.Hint}" : null)
            .OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return problems.Count == 0
            ? Task.CompletedTask
            : throw new InvalidOperationException(string.Join(Environment.NewLine, problems));
    }

    private bool UsesSockets(IServer server) =>
        server.GetType().Assembly == typeof(KestrelServerOptions).Assembly
        && services.GetServices<IConnectionListenerFactory>().ToList() is var factories
        && factories.OfType<SocketTransportFactory>().Any()
        // A transport of the program may listen anywhere. That of named pipes is there on Windows.
        && factories.TrueForAll(f => f.GetType().Namespace?.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) is true);

    private static string? Problem(ListenAddress address, SocketTransportOptions sockets)
    {
        BindingAddress binding;
        try
        {
            binding = BindingAddress.Parse(address.Text);
        }
        catch (FormatException)
        {
            return $"'{address.Text}' is no address to listen at; {Allowed}";
        }

        if (binding.IsUnixPipe || binding.IsNamedPipe)
            return null;
        // Kestrel takes a host that is no IP address for "all addresses", so a misspelt port would be one, too.
        var isHost = !binding.Host.Contains(':', StringComparison.Ordinal) || IPAddress.TryParse(binding.Host, out _);
        if (binding.Scheme.ToUpperInvariant() is not ("HTTP" or "HTTPS") || binding.Port is < 0 or > IPEndPoint.MaxPort
            || binding.PathBase.Length > 0 || !isHost)
        {
            return $"'{address.Text}' is no address to listen at; {Allowed}";
        }

        return IsLocalhost(binding.Host) ? LocalhostProblem(address.Text, binding.Port, sockets)
            : binding.Port == 0 ? null
            : IPAddress.TryParse(binding.Host, out var ip) ? Say(address.Text, Try(new IPEndPoint(ip, binding.Port), sockets))
            : Say(address.Text, TryAll(binding.Port, sockets));
    }

    private static string? LocalhostProblem(string address, int port, SocketTransportOptions sockets)
    {
        if (port == 0)
            return $"'{address}' is no address to listen at: localhost cannot take a free port (0); use 127.0.0.1.";
        var four = Try(new IPEndPoint(IPAddress.Loopback, port), sockets);
        var six = Try(new IPEndPoint(IPAddress.IPv6Loopback, port), sockets);
        // Kestrel is content with one of the two, unless somebody has the other.
        var error = four is SocketError.AddressAlreadyInUse || six is SocketError.AddressAlreadyInUse
            ? SocketError.AddressAlreadyInUse
            : six is null ? null : four;
        return Say(address, error);
    }

    private static SocketError? TryAll(int port, SocketTransportOptions sockets) =>
        Try(new IPEndPoint(IPAddress.IPv6Any, port), sockets) switch
        {
            null => null,
            SocketError.AddressAlreadyInUse => SocketError.AddressAlreadyInUse,
            _ => Try(new IPEndPoint(IPAddress.Any, port), sockets),
        };

    private static SocketError? Try(IPEndPoint endpoint, SocketTransportOptions sockets)
    {
        try
        {
            sockets.CreateBoundListenSocket(endpoint).Dispose();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }

    private static string? Say(string address, SocketError? error) => error switch
    {
        null => null,
        SocketError.AddressAlreadyInUse => $"The address {address} is in use by another program.",
        SocketError.AccessDenied => $"This user may not listen at {address}: ports below 1024 usually need a privilege.",
        SocketError.AddressNotAvailable => $"The address {address} is none of this machine's.",
        _ => $"The address {address} cannot be used: {new SocketException((int)error).Message}.",
    };

    private static bool IsLocalhost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
}
