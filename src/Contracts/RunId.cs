using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet;

/// <summary>The identity of a run: a version 7 UUID, so that ids sort by the time they were made.
/// Written in lower case with hyphens, 36 characters.</summary>
[JsonConverter(typeof(RunIdJsonConverter))]
public readonly record struct RunId(Guid Value) : IComparable<RunId>
{
    /// <summary>Makes a new id that carries the given instant, in milliseconds, and 74 random bits (RFC 9562, section 5.7).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant is before 1970.</exception>
    public static RunId New(DateTimeOffset now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(now, DateTimeOffset.UnixEpoch);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, now.ToUnixTimeMilliseconds() << 16);
        // Not Guid.CreateVersion7, which asks the operating system for its random bits every time: most of what making an id takes. An id
        // is no secret.
        Random.Shared.NextBytes(bytes[6..]);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new RunId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>The instant that the id carries, in milliseconds: when it was made.</summary>
    public DateTimeOffset CreatedAt =>
        DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(Value.ToByteArray(bigEndian: true)) >>> 16);

    /// <summary>The smallest id of a millisecond.</summary>
    internal static RunId FirstOf(long unixMilliseconds)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, unixMilliseconds << 16);
        return new RunId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>Reads the 36-character form.</summary>
    /// <returns>False when the text is anything else.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out RunId id)
    {
        var ok = Guid.TryParseExact(text, "D", out var value);
        id = new RunId(value);
        return ok;
    }

    /// <inheritdoc/>
    public int CompareTo(RunId other) => Value.CompareTo(other.Value);

    /// <summary>True when the left id is the older one.</summary>
    public static bool operator <(RunId left, RunId right) => left.CompareTo(right) < 0;

    /// <summary>True when the left id is the newer one.</summary>
    public static bool operator >(RunId left, RunId right) => left.CompareTo(right) > 0;

    /// <summary>True when the left id is not the newer one.</summary>
    public static bool operator <=(RunId left, RunId right) => left.CompareTo(right) <= 0;

    /// <summary>True when the left id is not the older one.</summary>
    public static bool operator >=(RunId left, RunId right) => left.CompareTo(right) >= 0;

    /// <summary>The 36-character form.</summary>
    public override string ToString() => Value.ToString("D");
}

internal sealed class RunIdJsonConverter : JsonConverter<RunId>
{
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
