using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Fleet.Bench;

/// <summary>Stands between a worker and PostgreSQL and counts what they say: in a pass of its own, because it costs time.</summary>
internal sealed class PostgresRelay : IAsyncDisposable
{
    private const int SslRequest = 80877103;
    private const int GssRequest = 80877104;
    private const byte CommandComplete = (byte)'C';

    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _server;
    private readonly Task _accepting;
    private long _trips;
    private long _statements;

    /// <summary>Begins to listen.</summary>
    /// <param name="server">The port of PostgreSQL on loopback.</param>
    public PostgresRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often a client said something after it had heard something: what it sends without waiting counts once.</summary>
    public long Trips => Interlocked.Read(ref _trips);

    /// <summary>Statements that the server has executed, BEGIN and COMMIT among them.</summary>
    public long Statements => Interlocked.Read(ref _statements);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _server, _end.Token);
                var (near, far) = (client.GetStream(), server.GetStream());
                await GreetAsync(near, far);
                var talk = new Conversation();
                await Task.WhenAny(ForthAsync(near, far, talk), BackAsync(far, near, talk));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or EndOfStreamException)
            {
                // One of them went away.
            }
        }
    }

    /// <summary>Refuses encryption, as a server without it does, and hands on the first message, which has no type.</summary>
    private async Task GreetAsync(NetworkStream client, NetworkStream server)
    {
        var head = new byte[8];
        while (true)
        {
            await client.ReadExactlyAsync(head, _end.Token);
            if (BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) is not (SslRequest or GssRequest))
                break;
            await client.WriteAsync("N"u8.ToArray(), _end.Token);
        }

        var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - head.Length];
        await client.ReadExactlyAsync(rest, _end.Token);
        await server.WriteAsync((byte[])[.. head, .. rest], _end.Token);
    }

    private async Task ForthAsync(NetworkStream from, NetworkStream to, Conversation talk)
    {
        var buffer = new byte[65536];
        int read;
        while ((read = await from.ReadAsync(buffer, _end.Token)) > 0)
        {
            if (talk.ClientSpeaks())
                Interlocked.Increment(ref _trips);
            await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
        }
    }

    private async Task BackAsync(NetworkStream from, NetworkStream to, Conversation talk)
    {
        var buffer = new byte[65536];
        int read;
        while ((read = await from.ReadAsync(buffer, _end.Token)) > 0)
        {
            Interlocked.Add(ref _statements, talk.ServerSpeaks(buffer.AsSpan(0, read)));
            await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
        }
    }

    /// <summary>Who spoke last on a connection, and where in a message the server is: a type, a length that counts itself, and the
    /// rest.</summary>
    private sealed class Conversation
    {
        private const int HeadLength = 5;

        private readonly byte[] _head = new byte[HeadLength];
        private int _headRead;
        private int _left;
        private volatile bool _serverSpoke = true;

        /// <returns>Whether the server had spoken in between.</returns>
        public bool ClientSpeaks()
        {
            var isNew = _serverSpoke;
            _serverSpoke = false;
            return isNew;
        }

        /// <returns>How many statements these bytes say are complete.</returns>
        public int ServerSpeaks(ReadOnlySpan<byte> bytes)
        {
            _serverSpoke = true;
            var complete = 0;
            while (bytes.Length > 0)
            {
                var skipped = Math.Min(_left, bytes.Length);
                _left -= skipped;
                bytes = bytes[skipped..];
                if (bytes.Length == 0)
                    break;
                _head[_headRead++] = bytes[0];
                bytes = bytes[1..];
                if (_headRead < HeadLength)
                    continue;
                _headRead = 0;
                _left = BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(1)) - 4;
                if (_head[0] == CommandComplete)
                    complete++;
            }

            return complete;
        }
    }
}
