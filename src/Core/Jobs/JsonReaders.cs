using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>How System.Text.Json reads the values of args that are no objects and no lists. A published schema names the reader of each
/// value, so that a process without the args type still decides as the handler's worker will: both call System.Text.Json with the same .NET
/// type.</summary>
internal static class JsonReaders
{
    /// <summary>The schema keyword that names the reader of a value.</summary>
    public const string Keyword = "x-fleet-reader";

    /// <summary>The schema keyword that names the reader of a dictionary's keys.</summary>
    public const string KeyKeyword = "x-fleet-key";

    /// <summary>One name of an enum, in any case.</summary>
    public const string Enum = "Enum";

    /// <summary>Names of a <see cref="FlagsAttribute"/> enum, with commas between them.</summary>
    public const string Flags = "Flags";

    /// <summary>Stands behind the name of a reader that also takes the number as a string.</summary>
    private const string OrString = "+String";

    private static readonly JsonSerializerOptions StringsToo = new(FleetJson.Payload)
    {
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };

    private static readonly Reader[] All =
    [
        Of<sbyte>("a whole number"), Of<byte>("a whole number"), Of<short>("a whole number"), Of<ushort>("a whole number"),
        Of<int>("a whole number"),
        Of<uint>("a whole number"), Of<long>("a whole number"), Of<ulong>("a whole number"),
        Of<Int128>("a whole number of up to 127 bits"), Of<UInt128>("a whole number of up to 128 bits, not negative"),
        Of<Half>("a number of up to 65504", Half.IsFinite), Of<float>("a number of up to 3.4e38", float.IsFinite),
        Of<double>("a number of up to 1.7e308", double.IsFinite),
        Of<decimal>("a number of up to 7.9e28"),
        Of<char>("a string of one UTF-16 character"), Of<Guid>("a GUID such as 01938f3c-0000-7000-8000-000000000000"),
        Of<DateTime>("a date and time in ISO 8601, such as 2026-01-31T12:00:00Z"),
        Of<DateTimeOffset>("an instant in ISO 8601, such as 2026-01-31T12:00:00+00:00"),
        Of<DateOnly>("a date such as 2026-01-31"), Of<TimeOnly>("a time such as 12:00:00"),
        Of<TimeSpan>("a duration [d.]hh:mm:ss such as 00:05:00 or 1.00:00:00, with hours below 24"),
        Of<byte[]>("base64"), Of<Uri>("a URI"), Of<Version>("a version such as 1.0"),
        Of<JsonValue>("a string, a number, true or false"), Of<JsonDocument>("JSON"), Of<JsonElement>("JSON"), Of<string>("a string"),
        Of<bool>("true or false"),
    ];

    private static readonly Dictionary<string, Reader> ByName = All.ToDictionary(r => r.Type.Name, StringComparer.Ordinal);

    /// <summary>The reader of a .NET type.</summary>
    /// <param name="type">The type; not <see cref="Nullable{T}"/>.</param>
    /// <param name="orString">Whether numbers may be written as strings.</param>
    /// <returns>Null for enums, and for objects and lists, whose shape the schema tells.</returns>
    public static string? NameOf(Type type, bool orString = false)
    {
        if (type == typeof(Memory<byte>) || type == typeof(ReadOnlyMemory<byte>))
            type = typeof(byte[]);
        return ByName.TryGetValue(type.Name, out var reader) && reader.Type == type ? type.Name + (orString ? OrString : "") : null;
    }

    /// <summary>Whether a reader takes a value. One that this version does not know takes all: a newer worker published it, and its handler
    /// decides.</summary>
    public static bool Takes(string name, JsonElement value)
    {
        var orString = name.EndsWith(OrString, StringComparison.Ordinal);
        return !ByName.TryGetValue(orString ? name[..^OrString.Length] : name, out var reader)
            || Try(() => reader.Read(value, orString ? StringsToo : FleetJson.Payload));
    }

    /// <summary>Whether a reader takes the name of a dictionary's entry.</summary>
    public static bool TakesKey(string name, string key) => !ByName.TryGetValue(name, out var reader)
        || Try(() => new JsonObject { [key] = null }.Deserialize(
            typeof(Dictionary<,>).MakeGenericType(reader.Type, typeof(JsonElement)), FleetJson.Payload) is not null);

    /// <summary>What a reader takes, for people; null when it is not known.</summary>
    public static string? Describe(string name) =>
        ByName.GetValueOrDefault(name.Replace(OrString, "", StringComparison.Ordinal))
            ?.Words + (name.EndsWith(OrString, StringComparison.Ordinal) ? ", or as a string" : "");

    private static bool Try(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (
            e is JsonException or NotSupportedException or InvalidOperationException or FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <param name="words">What it takes, for people.</param>
    /// <param name="isTaken">Refuses what was read: a number too large for a floating-point type becomes infinity, which cannot be written
    /// again.</param>
    private static Reader Of<T>(string words, Func<T, bool>? isTaken = null) =>
        new(typeof(T), words, (value, options) => value.Deserialize<T>(options) is { } read && (isTaken is null || isTaken(read)));

    private sealed record Reader(Type Type, string Words, Func<JsonElement, JsonSerializerOptions, bool> Read);
}
