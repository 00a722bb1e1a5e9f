using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fleet.Core.Text;

/// <summary>The values of a run's secrets, to be cut out of texts that its handler writes: errors, log lines, outputs.</summary>
/// <remarks>A value is found as it is, as JSON writes it, and as a URL has it. Encoded in another way, or in pieces, it is not
/// found.</remarks>
public sealed class SecretValues
{
    /// <summary>Minimum length of a value, in characters, that is cut out: shorter ones stand in ordinary words.</summary>
    public const int MinLength = 4;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = FleetJson.MaxDepth * 2,
        SkipValidation = true,
    };

    private readonly string[] _values;

    private SecretValues(string[] values) => _values = values;

    /// <summary>No values.</summary>
    public static SecretValues None { get; } = new([]);

    /// <summary>True if there is nothing to cut out.</summary>
    public bool AreNone => _values.Length == 0;

    /// <summary>The values of some secrets.</summary>
    public static SecretValues Of(IEnumerable<string> values)
    {
        string[] all =
        [
            .. values.Where(v => v.Length >= MinLength).SelectMany(FormsOf).Distinct(StringComparer.Ordinal)
                // A value may contain another.
                .OrderByDescending(v => v.Length),
        ];
        return all.Length == 0 ? None : new SecretValues(all);
    }

    /// <summary>Puts <see cref="SecretAttribute.Redacted"/> in the place of each value.</summary>
    /// <returns>The same text when it has none.</returns>
    public string CutOf(string text)
    {
        foreach (var value in _values)
            text = text.Replace(value, SecretAttribute.Redacted, StringComparison.Ordinal);
        return text;
    }

    /// <summary>The same in JSON, which stays JSON: in texts, names of members and numbers.</summary>
    /// <returns>The same text when it has none.</returns>
    public string CutOfJson(string json)
    {
        if (ReferenceEquals(CutOf(json), json))
            return json;
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = FleetJson.MaxDepth * 2 });
        var bytes = new ArrayBufferWriter<byte>(json.Length);
        using (var writer = new Utf8JsonWriter(bytes, WriterOptions))
            Cut(document.RootElement, writer);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private void Cut(JsonElement value, Utf8JsonWriter writer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(CutOf(member.Name));
                    Cut(member.Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Cut(item, writer);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(CutOf(value.GetString()!));
                break;
            case JsonValueKind.Number when Array.IndexOf(_values, value.GetRawText()) >= 0:
                writer.WriteStringValue(SecretAttribute.Redacted);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static IEnumerable<string> FormsOf(string value) =>
    [
        value,
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value),
        JavaScriptEncoder.Default.Encode(value),
        Uri.EscapeDataString(value),
        value.Replace("\r\n", "\n", StringComparison.Ordinal),
    ];
}
