using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Fleet.Tests.Support;

/// <summary>Stands between a program and a server, and can let connections hang: they stay open and nothing passes any more, as where a
/// firewall has forgotten them.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly int _port;
    private readonly Task _accepting;
    private volatile CancellationTokenSource _hang = new();
    private volatile bool _isCut;

    /// <param name="port">Where the server listens on this machine.</param>
    public TcpProxy(int port)
    {
        _port = port;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How many connections were made.</summary>
    public int Connections => _clients.Count / 2;

    /// <summary>Lets the connections hang that there are; new ones pass.</summary>
    public void Hang()
    {
        var hang = _hang;
        _hang = new CancellationTokenSource();
        hang.Cancel();
    }

    /// <summary>Ends all connections, and every new one at once, until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var client in _clients)
            client.Dispose();
    }

    /// <summary>Lets new connections pass again.</summary>
    public void Mend() => _isCut = false;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (var client in _clients)
            client.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                if (_isCut)
                {
                    client.Dispose();
                    continue;
                }

                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
                _clients.Add(client);
                _clients.Add(server);
                _ = PumpAsync(client, server, _hang.Token);
                _ = PumpAsync(server, client, _hang.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to, CancellationToken hang)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream(), hang);
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (
            e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }
}
