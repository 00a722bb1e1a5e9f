using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fleet.Core.Text;

namespace Fleet.Api.Events;

/// <summary>What an event stream can carry.</summary>
[Flags]
internal enum EventTopics
{
    None = 0,
    Figures = 1,
    Changes = 2,
    Run = 4,
}

/// <summary>An event as the bytes that all subscribers get.</summary>
/// <param name="Topic">What it is about; none for what everybody gets.</param>
/// <param name="Number">Its number in this process; 0 for an event that nobody resumes from.</param>
/// <param name="Bytes">The frame.</param>
internal sealed record EventFrame(EventTopics Topic, long Number, byte[] Bytes)
{
    /// <summary>The beginning of every stream: the client reconnects after 2 s.</summary>
    public static readonly byte[] Hello = "retry: 2000\n\n"u8.ToArray();

    /// <summary>Keeps the connection open while nothing happens.</summary>
    public static readonly EventFrame Ping = new(EventTopics.None, 0, "event: ping\ndata: {}\n\n"u8.ToArray());

    /// <summary>Writes a frame. JSON has no line breaks, so it is one line of data.</summary>
    public static EventFrame Create<T>(EventTopics topic, string name, T data, string? epoch = null, long number = 0)
    {
        var bytes = new ArrayBufferWriter<byte>();
        if (epoch is not null)
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {epoch}-{number}\n"), bytes);
        Encoding.UTF8.GetBytes($"event: {name}\ndata: ", bytes);
        using (var json = new Utf8JsonWriter(bytes))
            JsonSerializer.Serialize(json, data, FleetJson.Payload);
        bytes.Write("\n\n"u8);
        return new EventFrame(topic, number, bytes.WrittenSpan.ToArray());
    }
}
