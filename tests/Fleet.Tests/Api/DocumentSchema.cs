using System.Text.Json;

namespace Fleet.Tests.Api;

/// <summary>Checks JSON against the schemas of an OpenAPI document: the keywords that the document uses.</summary>
internal sealed class DocumentSchema(JsonElement document)
{
    public IEnumerable<string> Check(JsonElement schema, string json) =>
        schema.EnumerateObject().Any() && json.StartsWith('{') ? Check(schema, JsonElement.Parse(json), "") : [];

    private IEnumerable<string> Check(JsonElement schema, JsonElement value, string path)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return [];
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()!["#/components/schemas/".Length..];
            return Check(document.GetProperty("components").GetProperty("schemas").GetProperty(name), value, path);
        }

        if (schema.TryGetProperty("anyOf", out var any))
        {
            return any.EnumerateArray().Any(s => !Check(s, value, path).Any()) ? [] : [$"{path}: {value} fits none of {any}"];
        }

        var all = schema.TryGetProperty("allOf", out var parts) ? parts.EnumerateArray().SelectMany(s => Check(s, value, path)) : [];
        if (schema.TryGetProperty("type", out var type) && !FitsType(type, value))
            return [.. all, $"{path}: {value} is no {type}"];
        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(w => JsonElement.DeepEquals(w, value)))
            return [.. all, $"{path}: {value} is none of {words}"];
        return [.. all, .. value.ValueKind switch
        {
            JsonValueKind.Object => CheckObject(schema, value, path),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().SelectMany((item, i) => Check(items, item, $"{path}/{i}")),
            _ => [],
        }];
    }

    private List<string> CheckObject(JsonElement schema, JsonElement value, string path)
    {
        var known = schema.TryGetProperty("properties", out var properties) ? properties : default;
        var missing = schema.TryGetProperty("required", out var required)
            ? required.EnumerateArray().Select(r => r.GetString()!).Where(r => !value.TryGetProperty(r, out _))
            : [];
        var errors = missing.Select(r => $"{path}/{r} is missing").ToList();
        foreach (var member in value.EnumerateObject())
        {
            if (known.ValueKind == JsonValueKind.Object && known.TryGetProperty(member.Name, out var expected))
                errors.AddRange(Check(expected, member.Value, $"{path}/{member.Name}"));
            else if (schema.TryGetProperty("additionalProperties", out var others))
                errors.AddRange(Check(others, member.Value, $"{path}/{member.Name}"));
            else if (known.ValueKind == JsonValueKind.Object && required.ValueKind == JsonValueKind.Array)
                errors.Add($"{path}/{member.Name} is not documented");
        }

        return errors;
    }

    private static bool FitsType(JsonElement types, JsonElement value) => types.ValueKind == JsonValueKind.Array
        ? types.EnumerateArray().Any(t => FitsType(t, value))
        : (types.GetString(), value.ValueKind) switch
        {
            ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String)
                or ("number", JsonValueKind.Number) or ("boolean", JsonValueKind.True or JsonValueKind.False)
                or ("null", JsonValueKind.Null) => true,
            ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
            _ => false,
        };
}
