using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Which members of a job's args are secret: those that the JSON Schema of any version of the job has as <c>writeOnly</c>
/// (<see cref="SecretAttribute"/>).</summary>
/// <remarks>It reads schemas, because a process that shows args need not have the args type. A member is found by its name in any case, as
/// the reader of args finds it.</remarks>
public sealed class SecretMembers
{
    private const string Keyword = SecretPlace.Keyword;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = FleetJson.MaxDepth * 2,
        SkipValidation = true,
    };

    private static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = FleetJson.MaxDepth * 2 };

    private readonly SecretPlace _root;

    private SecretMembers(IEnumerable<JsonElement> schemas) => _root = SecretPlace.Of(schemas.Select(schema => (schema, schema)));

    /// <summary>A job without secrets.</summary>
    public static SecretMembers None { get; } = new([]);

    /// <summary>True if no member is secret.</summary>
    public bool AreNone => ReferenceEquals(this, None);

    /// <summary>Finds the secret members of a job.</summary>
    /// <param name="schemas">The JSON Schemas of the versions of the job. What is secret in one of them is secret.</param>
    public static SecretMembers Of(IEnumerable<string> schemas)
    {
        // Nearly no schema has the word.
        var some = schemas.Where(schema => schema.Contains(Keyword, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)
            .Select(Parse).OfType<JsonElement>().ToList();
        return some.Count == 0 ? None : new SecretMembers(some);
    }

    /// <summary>Puts <see cref="SecretAttribute.Redacted"/> in the place of every secret.</summary>
    /// <param name="args">JSON text of the args.</param>
    /// <returns>JSON text; the same text when no member is secret. Null stays null. Args that are no JSON are redacted as a
    /// whole.</returns>
    public string Redact(string args)
    {
        if (AreNone)
            return args;
        try
        {
            using var document = JsonDocument.Parse(args, ReaderOptions);
            return Redact(document.RootElement, _root);
        }
        catch (JsonException)
        {
            // A row that another program wrote may hold no JSON.
            return JsonSerializer.Serialize(SecretAttribute.Redacted);
        }
    }

    /// <summary>True if the member at a path is secret, or stands within one that is. A part that is a number may be an index.</summary>
    public bool Contains(IReadOnlyList<string> path)
    {
        if (AreNone)
            return false;
        var place = _root;
        foreach (var name in path)
        {
            var next = place.Member(name);
            place = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? next.And(place.Item()) : next;
            if (place.IsSecret)
                return true;
        }

        return false;
    }

    /// <summary>The secrets in args, as they are stored.</summary>
    /// <param name="args">JSON text of the args.</param>
    public SecretValues ValuesIn(string args) => AreNone ? SecretValues.None : SecretValues.Of(Collect(args));

    /// <summary>True if two args have the same secrets, whatever else differs.</summary>
    public bool AreSame(string args, string others) => AreNone || Collect(args).SequenceEqual(Collect(others), StringComparer.Ordinal);

    /// <summary>What the schemas say of the args themselves.</summary>
    internal SecretPlace Root => _root;

    private static JsonElement? Parse(string schema)
    {
        try
        {
            return JsonElement.Parse(schema);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Redacts a part of args.</summary>
    internal static string Redact(JsonElement value, SecretPlace place)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes, WriterOptions))
            Redact(value, place, writer);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Redact(JsonElement value, SecretPlace place, Utf8JsonWriter writer)
    {
        if (place.IsSecret && value.ValueKind != JsonValueKind.Null)
        {
            writer.WriteStringValue(SecretAttribute.Redacted);
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object when place.LeadsOn:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Redact(member.Value, place.Member(member.Name), writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array when place.LeadsOn:
                writer.WriteStartArray();
                var item = place.Item();
                foreach (var element in value.EnumerateArray())
                    Redact(element, item, writer);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
                break;
        }
    }

    private List<string> Collect(string args)
    {
        var values = new List<string>();
        try
        {
            using var document = JsonDocument.Parse(args, ReaderOptions);
            Collect(document.RootElement, _root, values);
        }
        catch (JsonException)
        {
            // A row that another program wrote may hold no JSON.
        }

        return values;
    }

    private static void Collect(JsonElement value, SecretPlace place, List<string> values)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when place.LeadsOn || place.IsSecret:
                foreach (var member in value.EnumerateObject())
                    Collect(member.Value, place.IsSecret ? place : place.Member(member.Name), values);
                break;
            case JsonValueKind.Array when place.LeadsOn || place.IsSecret:
                foreach (var element in value.EnumerateArray())
                    Collect(element, place.IsSecret ? place : place.Item(), values);
                break;
            case JsonValueKind.String when place.IsSecret:
                values.Add(value.GetString()!);
                break;
            case JsonValueKind.Number when place.IsSecret:
                values.Add(value.GetRawText());
                break;
        }
    }
}
