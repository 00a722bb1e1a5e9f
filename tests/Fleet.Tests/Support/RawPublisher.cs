using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Fleet.Tests.Support;

/// <summary>Publishes one message with bytes that no client would write: AMQP 0-9-1 by hand.</summary>
internal static class RawPublisher
{
    private const byte MethodFrame = 1, HeaderFrame = 2, BodyFrame = 3, FrameEnd = 0xCE;

    /// <summary>Publishes to <c>fleet.lanes</c> and waits for the broker's confirm.</summary>
    /// <param name="broker">The address of the virtual host.</param>
    /// <param name="routingKey">The lane.</param>
    /// <param name="flags">Which properties follow.</param>
    /// <param name="properties">The properties as they are on the wire.</param>
    /// <param name="body">The body.</param>
    public static async Task PublishAsync(string broker, string routingKey, ushort flags, byte[] properties, byte[] body)
    {
        var uri = new Uri(broker);
        using var client = new TcpClient();
        await client.ConnectAsync(uri.Host, uri.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("AMQP\0\0\x09\x01"u8.ToArray());
        await ReadMethodAsync(stream, 10, 10);
        await SendAsync(
            stream, 0,
            Method(10, 11, Table(), Short("PLAIN"), Long(Encoding.UTF8.GetBytes("\0" + uri.UserInfo.Replace(':', '\0'))), Short("en_US")));
        await ReadMethodAsync(stream, 10, 30);
        await SendAsync(stream, 0, Method(10, 31, [0x07, 0xFF], Int(131_072), [0, 0]));
        await SendAsync(stream, 0, Method(10, 40, Short(uri.AbsolutePath[1..]), Short(""), [0]));
        await ReadMethodAsync(stream, 10, 41);
        await SendAsync(stream, 1, Method(20, 10, Short("")));
        await ReadMethodAsync(stream, 20, 11);
        await SendAsync(stream, 1, Method(85, 10, [0]));
        await ReadMethodAsync(stream, 85, 11);
        await SendAsync(stream, 1, Method(60, 40, [0, 0], Short("fleet.lanes"), Short(routingKey), [0]));
        await SendAsync(
            stream, 1, [0, 60, 0, 0, .. new byte[4], .. Int(body.Length), (byte)(flags >> 8), (byte)flags, .. properties], HeaderFrame);
        await SendAsync(stream, 1, body, BodyFrame);
        await ReadMethodAsync(stream, 60, 80);
    }

    /// <summary>A table of these entries, each a name and a value with its type before it.</summary>
    public static byte[] Table(params byte[][] entries) => Long([.. entries.SelectMany(e => e)]);

    /// <summary>A short text.</summary>
    public static byte[] Short(string text) => [(byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    /// <summary>Bytes with their length before them.</summary>
    public static byte[] Long(byte[] bytes) => [.. Int(bytes.Length), .. bytes];

    private static byte[] Int(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Method(byte type, byte method, params byte[][] arguments) =>
        [0, type, 0, method, .. arguments.SelectMany(a => a)];

    private static async Task SendAsync(NetworkStream stream, byte channel, byte[] payload, byte type = MethodFrame) =>
        await stream.WriteAsync((byte[])[type, 0, channel, .. Int(payload.Length), .. payload, FrameEnd]);

    private static async Task ReadMethodAsync(NetworkStream stream, byte type, byte method)
    {
        while (true)
        {
            var head = new byte[7];
            await stream.ReadExactlyAsync(head);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(3)) + 1];
            await stream.ReadExactlyAsync(payload);
            if (head[0] != MethodFrame)
                continue;
            Assert.True(
                (payload[1], payload[3]) == (type, method),
                $"The broker said {payload[1]}.{payload[3]}: {Encoding.UTF8.GetString(payload)}");
            return;
        }
    }
}
