using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fleet.Tests.Support;

/// <summary>A relay before a PostgreSQL server that reads what clients send: which statements, and how often they wait for an answer.
/// Understands protocol 3.0 without TLS.</summary>
internal sealed class PostgresWire : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<string> _statements = [];
    private readonly Task _accepting;
    private readonly int _server;
    private int _roundTrips;
    private int _executions;

    /// <param name="server">The port of the server on loopback.</param>
    public PostgresWire(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients connect.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What came since the last call: the texts of the statements that were parsed, each once and in the order of their first
    /// appearance; how often a client asked for an answer; how many statements it executed.</summary>
    public (IReadOnlyList<string> Statements, int RoundTrips, int Executions) Take()
    {
        lock (_lock)
        {
            var taken = ((IReadOnlyList<string>)[.. _statements.Distinct(StringComparer.Ordinal)], _roundTrips, _executions);
            _statements.Clear();
            _roundTrips = _executions = 0;
            return taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> relays = [];
        try
        {
            while (true)
                relays.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(TcpClient accepted)
    {
        using var client = accepted;
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _server, _stop.Token);
            await Task.WhenAny(ReadAsync(client, server.GetStream()), server.GetStream().CopyToAsync(client.GetStream(), _stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // One side hung up.
        }
    }

    /// <summary>Passes whole messages on. The first one of a connection has no type.</summary>
    private async Task ReadAsync(TcpClient sender, NetworkStream server)
    {
        var client = sender.GetStream();
        var first = true;
        while (true)
        {
            var head = first ? 4 : 5;
            var message = new byte[head];
            await client.ReadExactlyAsync(message, _stop.Token);
            var rest = BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(head - 4)) - 4;
            Array.Resize(ref message, head + rest);
            await client.ReadExactlyAsync(message.AsMemory(head), _stop.Token);
            if (!first)
                Note((char)message[0], message.AsSpan(head), isLast: sender.Available == 0);
            first = false;
            await server.WriteAsync(message, _stop.Token);
        }
    }

    /// <param name="type">The type of the message.</param>
    /// <param name="body">The rest of it.</param>
    /// <param name="isLast">False when the client has sent more along with it, as the driver does with BEGIN: it does not wait for an
    /// answer.</param>
    private void Note(char type, ReadOnlySpan<byte> body, bool isLast)
    {
        lock (_lock)
        {
            switch (type)
            {
                case 'P': // Parse: the name of the statement, then its text.
                    var text = body[(body.IndexOf((byte)0) + 1)..];
                    _statements.Add(Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]));
                    break;
                case 'Q': // A simple query.
                    var query = Encoding.UTF8.GetString(body[..^1]);
                    _statements.Add(query);
                    _executions += query.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length;
                    _roundTrips += isLast ? 1 : 0;
                    break;
                case 'E':
                    _executions++;
                    break;
                case 'S': // Sync: the client waits for all that it asked for.
                    _roundTrips++;
                    break;
            }
        }
    }
}
