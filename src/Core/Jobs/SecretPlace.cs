using System.Text.Json;

namespace Fleet.Core.Jobs;

/// <summary>What the schemas say of one place in the args.</summary>
internal readonly struct SecretPlace
{
    /// <summary>The keyword of JSON Schema that marks a secret.</summary>
    public const string Keyword = "writeOnly";

    // A schema that somebody else wrote may refer to itself without end.
    private const int MaxReferences = 64;

    private readonly List<(JsonElement Root, JsonElement Schema)>? _schemas;

    private SecretPlace(List<(JsonElement Root, JsonElement Schema)>? schemas, bool isSecret) => (_schemas, IsSecret) = (schemas, isSecret);

    /// <summary>True if what stands here is secret.</summary>
    public bool IsSecret { get; }

    /// <summary>True if something below may be secret.</summary>
    public bool LeadsOn => _schemas is not null;

    public static SecretPlace Of(IEnumerable<(JsonElement Root, JsonElement Schema)> schemas)
    {
        List<(JsonElement Root, JsonElement Schema)>? found = null;
        var isSecret = false;
        foreach (var (root, schema) in schemas)
            Add(root, schema, ref found, ref isSecret, 0);
        return new SecretPlace(found, isSecret);
    }

    /// <summary>A member of an object.</summary>
    public SecretPlace Member(string name)
    {
        if (_schemas is null)
            return default;
        List<(JsonElement, JsonElement)>? next = null;
        foreach (var (root, schema) in _schemas)
        {
            var isNamed = false;
            if (schema.TryGetMember("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in properties.EnumerateObject())
                {
                    if (!property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                        continue;
                    isNamed = true;
                    (next ??= []).Add((root, property.Value));
                }
            }

            if (!isNamed && schema.TryGetMember("additionalProperties", out var others))
                (next ??= []).Add((root, others));
        }

        return next is null ? default : Of(next);
    }

    /// <summary>An element of a list.</summary>
    public SecretPlace Item() => _schemas is null
        ? default
        : Of(_schemas.Where(s => s.Schema.TryGetMember("items", out _)).Select(s => (s.Root, s.Schema.GetProperty("items"))));

    /// <summary>Both places.</summary>
    public SecretPlace And(SecretPlace other) => new(
        _schemas is null ? other._schemas : other._schemas is null ? _schemas : [.. _schemas, .. other._schemas],
        IsSecret || other.IsSecret);

    private static void Add(
        JsonElement root, JsonElement schema, ref List<(JsonElement Root, JsonElement Schema)>? found, ref bool isSecret, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxReferences)
            return;
        isSecret |= schema.TryGetMember(Keyword, out var writeOnly) && writeOnly.ValueKind == JsonValueKind.True;
        if (schema.TryGetMember("$ref", out var reference) && reference.ValueKind == JsonValueKind.String)
            Add(root, SchemaReference.Find(root, reference.GetString()!), ref found, ref isSecret, depth + 1);
        // Whichever branch the value takes.
        if (schema.TryGetMember("anyOf", out var branches) && branches.ValueKind == JsonValueKind.Array)
        {
            foreach (var branch in branches.EnumerateArray())
                Add(root, branch, ref found, ref isSecret, depth + 1);
        }

        if (schema.TryGetMember("properties", out _) || schema.TryGetMember("additionalProperties", out _)
            || schema.TryGetMember("items", out _))
            (found ??= []).Add((root, schema));
    }
}
