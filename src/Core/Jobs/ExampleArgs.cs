using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Creates example args that fit a schema.</summary>
internal static class ExampleArgs
{
    // Values that a custom converter may accept.
    private static readonly JsonNode?[] Candidates =
        ["text", 1, 1.5, true, new JsonObject(), new JsonArray(), "2026-01-31", "00:05:00", null];

    /// <returns>Null if there is no example, for example for a member that refers back to its own type.</returns>
    public static JsonNode? Of(JsonNode? node)
    {
        if (node is not JsonObject schema)
            return node is null ? null : "text";
        if (schema["examples"] is JsonArray { Count: > 0 } examples)
            return examples[0]!.DeepClone();
        if (schema["const"] is { } constant)
            return constant.DeepClone();
        if (schema["default"] is { } byDefault)
            return byDefault.DeepClone();
        if (schema["enum"] is JsonArray { Count: > 0 } values)
            return values[0]?.DeepClone();
        if (schema["anyOf"] is JsonArray { Count: > 0 } branches)
            return branches[0] is JsonObject branch && branch["properties"] is not null ? OfObject(branch) : Of(branches[0]);
        return TypeOf(schema) switch
        {
            "object" => OfObject(schema),
            "array" => Of(schema["items"]) is { } item ? new JsonArray(item) : new JsonArray(),
            "integer" => Within(schema, 1),
            "number" => Within(schema, 1.5m),
            "boolean" => true,
            "string" => OfString(schema),
            null when schema["$ref"] is null && schema["not"] is null => "text",
            _ => null,
        };
    }

    /// <summary>A value that a custom converter accepts; null when it accepts none of the candidates.</summary>
    public static JsonNode? ForConverter(JsonConverter converter, Type type)
    {
        var options = new JsonSerializerOptions(FleetJson.Payload);
        options.Converters.Insert(0, converter);
        foreach (var candidate in Candidates.Where(c => c is not null))
        {
            try
            {
                if (candidate.Deserialize(type, options) is not null)
                    return candidate!.DeepClone();
            }
            catch (Exception)
            {
                // The converter is user code and may throw anything.
            }
        }

        return null;
    }

    private static JsonObject OfObject(JsonObject schema)
    {
        var required = schema["required"] is JsonArray names
            ? names.Select(n => n!.GetValue<string>()).ToHashSet(StringComparer.Ordinal)
            : [];
        var example = new JsonObject();
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject { } inner && inner["readOnly"] is not null)
                continue;
            // Null is used for a type that refers to itself; optional members are left out.
            if (Of(property) is { } value)
                example[name] = value;
            else if (required.Contains(name))
                example[name] = null;
        }

        return example;
    }

    private static string? TypeOf(JsonObject schema)
    {
        var types = schema["type"] switch
        {
            JsonArray several => several.Select(t => t!.GetValue<string>()).ToArray(),
            JsonValue one => [one.GetValue<string>()],
            _ => [],
        };
        // A number that may also be a string is shown as a number.
        return types.FirstOrDefault(t => t is "integer" or "number") ?? types.FirstOrDefault(t => t != "null");
    }

    private static JsonNode Within(JsonObject schema, decimal preferred)
    {
        var isWhole = TypeOf(schema) == "integer";
        var step = isWhole ? 1m : 0.001m;
        var (least, most) = (
            Bound("minimum") ?? (Bound("exclusiveMinimum") + step), Bound("maximum") ?? (Bound("exclusiveMaximum") - step));
        var value = preferred < least ? least.Value : preferred > most ? most.Value : preferred;
        return isWhole ? JsonNode.Parse(decimal.Ceiling(value).ToString("0", CultureInfo.InvariantCulture))! : value;

        decimal? Bound(string keyword) =>
            schema[keyword] is { } bound && JsonSerializer.SerializeToElement(bound).TryGetDecimal(out var number) ? number : null;
    }

    private static JsonNode OfString(JsonObject schema) => schema["format"]?.GetValue<string>() switch
    {
        "date" => "2026-01-31",
        "date-time" => "2026-01-31T12:00:00+00:00",
        "time" => "12:00:00",
        "uuid" => "01938f3c-0000-7000-8000-000000000000",
        "uri" => "https://example.com/",
        _ => schema["maxLength"] is JsonValue most && most.GetValue<int>() == 1 ? "a" : "text",
    };
}
