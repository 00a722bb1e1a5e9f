using System.Globalization;
using System.Text.Json;

namespace Fleet.Core.Jobs;

/// <summary>Follows a <c>$ref</c> within a schema.</summary>
internal static class SchemaReference
{
    /// <summary>What a reference such as <c>#/properties/customer</c> points to; undefined when it points to nothing.</summary>
    public static JsonElement Find(JsonElement root, string reference)
    {
        var schema = root;
        foreach (var step in reference.Split('/').Skip(1))
        {
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (schema.ValueKind == JsonValueKind.Array && int.TryParse(name, CultureInfo.InvariantCulture, out var index)
                && index < schema.GetArrayLength())
                schema = schema[index];
            else if (!schema.TryGetMember(name, out schema))
                return default;
        }

        return schema;
    }
}
