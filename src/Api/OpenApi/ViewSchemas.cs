using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client;
using Fleet.Core.Text;

namespace Fleet.Api.OpenApi;

/// <summary>The JSON schemas of bodies and views, made from the types that the endpoints read and write with their own serializer
/// options. Each named type is a component of the document.</summary>
internal sealed class ViewSchemas
{
    public const string Components = "#/components/schemas/";

    private readonly SortedDictionary<string, JsonObject> _components = new(StringComparer.Ordinal);

    /// <summary>The components so far, by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> All => _components;

    /// <summary>The name of the component of a type. It is made if it is new.</summary>
    public string NameOf(Type type)
    {
        var name = Name(type);
        if (!_components.ContainsKey(name))
        {
            // Before its members, which may refer to it.
            _components[name] = [];
            _components[name] = Make(type);
        }

        return name;
    }

    private JsonObject Make(Type type)
    {
        var isBody = type.Name.EndsWith("Body", StringComparison.Ordinal);
        var options = isBody ? FleetJson.Strict : FleetJson.Payload;
        var exporter = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Transform(context, node, isBody),
        };
        return options.GetJsonSchemaAsNode(type, exporter).AsObject();
    }

    private JsonObject Transform(JsonSchemaExporterContext context, JsonNode node, bool isBody)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = node is JsonObject { } given && given["type"] is JsonArray types
            && types.Any(t => t?.GetValue<string>() == "null");
        var schema = node as JsonObject ?? [];
        if (context.PropertyInfo is { } property)
        {
            if (IsOurs(type))
                schema = Refer(type, isNullable);
            if (property.AttributeProvider is PropertyInfo member)
                Describe(schema, member);
            return schema;
        }

        if (!context.Path.IsEmpty)
            return IsOurs(type) ? Refer(type, isNullable) : schema;

        // Answers have all of their members; what a body needs, its attributes say.
        var members = context.TypeInfo.Properties.Where(p => p is { AttributeProvider: PropertyInfo, Set: not null });
        // Members that only programs read are not written.
        foreach (var computed in context.TypeInfo.Properties.Where(p => p.Set is null))
            (schema["properties"] as JsonObject)?.Remove(computed.Name);
        var required = isBody || type == typeof(ProblemView)
            ? members.Where(p => p.AttributeProvider!.IsDefined(typeof(RequiredAttribute), inherit: true))
            : members;
        schema.Remove("required");
        // In alphabetical order: that of reflection is not promised.
        var names = required.Select(p => p.Name).Order(StringComparer.Ordinal).Select(name => (JsonNode)name).ToArray();
        if (names.Length > 0)
            schema["required"] = new JsonArray(names);
        if (schema["type"] is JsonArray)
            schema["type"] = "object";
        if (ViewDocs.Of(type) is { } text)
            schema["description"] = text;
        return schema;
    }

    private JsonObject Refer(Type type, bool isNullable)
    {
        var reference = new JsonObject { ["$ref"] = Components + NameOf(type) };
        return isNullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
    }

    private static void Describe(JsonObject schema, PropertyInfo member)
    {
        if (ViewDocs.Of(member) is { } text)
            schema["description"] = text;
        // A body's member is nullable for the reader only: without a value the request is refused.
        if (member.IsDefined(typeof(RequiredAttribute)) && schema["type"] is JsonArray types
            && types.FirstOrDefault(t => t!.GetValue<string>() != "null") is { } only)
        {
            schema["type"] = only.DeepClone();
        }

        if (member.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            schema["minimum"] = JsonSerializer.SerializeToNode(range.Minimum);
            schema["maximum"] = JsonSerializer.SerializeToNode(range.Maximum);
        }

        if (member.GetCustomAttribute<MaxLengthAttribute>() is { } most)
        {
            var isDictionary = typeof(System.Collections.IEnumerable).IsAssignableFrom(member.PropertyType)
                && FleetJson.Strict.GetTypeInfo(member.PropertyType).Kind == JsonTypeInfoKind.Dictionary;
            schema[member.PropertyType == typeof(string) ? "maxLength" : isDictionary ? "maxProperties" : "maxItems"] = most.Length;
        }

        if (member.GetCustomAttribute<RegularExpressionAttribute>() is { } match)
            schema["pattern"] = match.Pattern;
        if (member.GetCustomAttribute<MinLengthAttribute>() is { } least)
            schema[member.PropertyType == typeof(string) ? "minLength" : "minItems"] = least.Length;
    }

    private static bool IsOurs(Type type) => type.Assembly == typeof(RunView).Assembly && type is { IsClass: true };

    private static string Name(Type type) => type.IsGenericType
        ? Name(type.GetGenericArguments()[0]) + type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]
        : type.Name;
}
