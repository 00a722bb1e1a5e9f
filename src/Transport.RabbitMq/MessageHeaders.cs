using System.Collections;
using System.Text;
using RabbitMQ.Client;

namespace Fleet.Transport.RabbitMq;

/// <summary>The properties of messages that others wrote, made fit to be published again. They travel in one frame: a header that just
/// fitted when it came is too much with one more beside it, and the broker closes the connection.</summary>
internal static class MessageHeaders
{
    /// <summary>Names and sizes of what was cut.</summary>
    public const string CutHeader = "fleet-cut";

    /// <summary>As much as any frame may have where broker and client agreed on no limit.</summary>
    private const int DefaultFrameMax = 131_072;

    /// <summary>Frame, class, size and flags.</summary>
    private const int Overhead = 64;

    private const int MaxShort = 255;

    /// <summary>How deep tables and lists may nest: client and broker walk them recursively.</summary>
    private const int MaxDepth = 16;

    /// <summary>How much of a header that is too large is kept.</summary>
    private const int Kept = 256;

    /// <summary>How many bytes all properties of a message may have together.</summary>
    public static int LimitOf(IConnection connection) =>
        (connection.FrameMax is 0 or > int.MaxValue ? DefaultFrameMax : (int)connection.FrameMax) - Overhead;

    /// <summary>How many bytes the properties have on the wire.</summary>
    public static int SizeOf(IReadOnlyBasicProperties properties)
    {
        var size = 32;
        foreach (var text in new[]
        {
            properties.ContentType, properties.ContentEncoding, properties.CorrelationId, properties.ReplyTo, properties.Expiration,
            properties.MessageId,
            properties.Type, properties.UserId, properties.AppId, properties.ClusterId,
        })
        {
            size += text is null ? 0 : 1 + Encoding.UTF8.GetByteCount(text);
        }

        return size + (properties.Headers is { } headers ? SizeOf(headers, 0) : 0);
    }

    /// <summary>A copy that anybody may publish: it does not expire, names no user, has no further receivers, and no text in it is longer
    /// than AMQP allows.</summary>
    public static BasicProperties Copy(IReadOnlyBasicProperties original)
    {
        var copy = new BasicProperties(original) { Persistent = true, Headers = new Dictionary<string, object?>(StringComparer.Ordinal) };
        foreach (var (name, value) in original.Headers ?? Enumerable.Empty<KeyValuePair<string, object?>>())
            copy.Headers[Short(name)] = value;
        // It would expire here too; the broker refuses to publish in another user's name; and these two name more queues to go to.
        copy.ClearExpiration();
        copy.ClearUserId();
        copy.Headers.Remove("CC");
        copy.Headers.Remove("BCC");
        // What is not UTF-8 was read as replacement characters, which are longer than what they replace.
        if (copy.IsContentTypePresent())
            copy.ContentType = Short(copy.ContentType!);
        if (copy.IsContentEncodingPresent())
            copy.ContentEncoding = Short(copy.ContentEncoding!);
        if (copy.IsCorrelationIdPresent())
            copy.CorrelationId = Short(copy.CorrelationId!);
        if (copy.IsReplyToPresent())
            copy.ReplyTo = Short(copy.ReplyTo!);
        if (copy.IsMessageIdPresent())
            copy.MessageId = Short(copy.MessageId!);
        if (copy.IsTypePresent())
            copy.Type = Short(copy.Type!);
        if (copy.IsAppIdPresent())
            copy.AppId = Short(copy.AppId!);
        if (copy.IsClusterIdPresent())
            copy.ClusterId = Short(copy.ClusterId!);
        return copy;
    }

    /// <summary>Cuts headers, the largest first, until all properties have so many bytes at most. The header <see cref="CutHeader"/> says
    /// what was cut.</summary>
    /// <param name="properties">As <see cref="Copy"/> makes them.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="mine">Headers that stay as they are.</param>
    public static void Fit(BasicProperties properties, int limit, params ReadOnlySpan<string> mine)
    {
        var headers = properties.Headers!;
        var cut = new List<string>();
        foreach (var (name, value) in headers.ToList())
        {
            if (DepthOf(value, 0) <= MaxDepth)
                continue;
            headers[name] = "(nested too deeply)";
            cut.Add(name);
        }

        var size = SizeOf(properties);
        foreach (var (name, value) in headers.OrderByDescending(h => SizeOf(h.Value, 0)).ToList())
        {
            if (size + Reserve(cut) <= limit)
                break;
            if (mine.Contains(name))
                continue;
            var shorter = Cut(value);
            size -= SizeOf(value, 0) - SizeOf(shorter, 0);
            headers[name] = shorter;
            cut.Add(name);
        }

        // So many headers that even cut ones are too many.
        foreach (var name in headers.Keys.Where(name => name != CutHeader).ToList())
        {
            if (size + Reserve(cut) <= limit)
                break;
            if (mine.Contains(name))
                continue;
            size -= 1 + Encoding.UTF8.GetByteCount(name) + SizeOf(headers[name], 0);
            headers.Remove(name);
        }

        if (cut.Count > 0)
            headers[CutHeader] = Describe(cut);
    }

    /// <summary>Text of at most so many bytes of UTF-8.</summary>
    public static string Short(string text, int most = MaxShort)
    {
        if (Encoding.UTF8.GetMaxByteCount(text.Length) <= most || Encoding.UTF8.GetByteCount(text) <= most)
            return text;
        var (bytes, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > most)
                break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length];
    }

    private static string Describe(List<string> cut) => Short(string.Join(", ", cut), Kept);

    private static int Reserve(List<string> cut) => cut.Count == 0 ? 0 : CutHeader.Length + 6 + Kept;

    private static object? Cut(object? value) => value switch
    {
        string text => Short(text, Kept),
        byte[] bytes when bytes.Length > Kept => bytes[..Kept],
        BinaryTableValue { Bytes: { Length: > Kept } bytes } => new BinaryTableValue(bytes[..Kept]),
        IDictionary table => $"(a table of {table.Count})",
        byte[] => value,
        IList list => $"(a list of {list.Count})",
        _ => value,
    };

    private static int SizeOf(object? value, int depth) => value switch
    {
        null => 1,
        string text => 5 + Encoding.UTF8.GetByteCount(text),
        byte[] bytes => 5 + bytes.Length,
        BinaryTableValue binary => 5 + binary.Bytes.Length,
        _ when depth > MaxDepth => 0,
        IDictionary<string, object?> table => 1 + SizeOf(table, depth + 1),
        IList list => 5 + list.Cast<object?>().Sum(item => SizeOf(item, depth + 1)),
        // No number is longer.
        _ => 9,
    };

    private static int SizeOf(IDictionary<string, object?> table, int depth) =>
        4 + table.Sum(entry => 1 + Encoding.UTF8.GetByteCount(entry.Key) + SizeOf(entry.Value, depth));

    private static int DepthOf(object? value, int depth) => depth > MaxDepth ? depth : value switch
    {
        IDictionary<string, object?> table => table.Values.Select(v => DepthOf(v, depth + 1)).DefaultIfEmpty(depth + 1).Max(),
        byte[] => depth,
        IList list => list.Cast<object?>().Select(v => DepthOf(v, depth + 1)).DefaultIfEmpty(depth + 1).Max(),
        _ => depth,
    };
}
