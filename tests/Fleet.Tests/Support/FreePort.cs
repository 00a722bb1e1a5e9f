using System.Net;
using System.Net.Sockets;

namespace Fleet.Tests.Support;

/// <summary>Ports for servers that a test starts. Below the range that the system gives to outgoing connections: a port from
/// there may be taken by one of those before the server gets to it.</summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Another test run on this machine begins elsewhere.
    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port on loopback that nobody listens on, and that this process has not given out lately.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (Interlocked.Increment(ref _next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count} is free.");
    }
}
