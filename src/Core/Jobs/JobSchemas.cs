using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Describes a job's args to people and programs: a JSON Schema, and an example that fits it.</summary>
public static class JobSchemas
{
    private static readonly JsonSchemaExporterOptions ExporterOptions = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = static (context, schema) => HideSecrets(context, Complete(context, schema)),
    };

    /// <summary>The job as the catalog shows it.</summary>
    public static JobInfo Describe(JobDefinition job)
    {
        var schema = MakeSchema(job.ArgsType);
        return new JobInfo
        {
            Name = job.Name,
            Lane = job.Lane,
            MaxAttempts = job.MaxAttempts,
            Timeout = job.Timeout,
            Description = job.Description,
            Aliases = job.Aliases,
            Schema = schema.ToJsonString(),
            Example = (ExampleArgs.Of(schema) ?? new JsonObject()).ToJsonString(),
            Definition = job,
        };
    }

    /// <summary>The JSON Schema of an args type, as JSON text.</summary>
    internal static string SchemaOf(Type args) => MakeSchema(args).ToJsonString();

    /// <summary>In the strict dialect, so that the schema refuses a misspelt argument.</summary>
    private static JsonNode MakeSchema(Type args) => FleetJson.Strict.GetJsonSchemaAsNode(args, ExporterOptions);

    /// <summary>Marks a secret member, and leaves out its default, which may be one. What a type with a converter of its own holds is
    /// unknown: it is secret as a whole if any member of it is.</summary>
    private static JsonNode HideSecrets(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (IsSecret(context.PropertyInfo) || (context.TypeInfo.Kind == JsonTypeInfoKind.None && HasSecrets(context.TypeInfo.Type)))
        {
            // The schema of any value is the word true.
            var node = schema as JsonObject ?? [];
            node[SecretPlace.Keyword] = true;
            node.Remove("default");
            return node;
        }

        if (schema is JsonObject owner && context.TypeInfo.Properties.Any(p => p.IsExtensionData && IsSecret(p)))
            owner["additionalProperties"] = new JsonObject { [SecretPlace.Keyword] = true };
        return schema;
    }

    /// <summary>True if a member is marked with <see cref="SecretAttribute"/>: the property, the field, or the parameter of a
    /// record.</summary>
    public static bool IsSecret(JsonPropertyInfo? property) =>
        (property?.AttributeProvider is MemberInfo member && Attribute.IsDefined(member, typeof(SecretAttribute), inherit: true))
        || property?.AssociatedParameter?.AttributeProvider?.IsDefined(typeof(SecretAttribute), inherit: true) is true;

    private static bool HasSecrets(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        // Many, and none of them is marked.
        if (type.Assembly == typeof(object).Assembly)
            return false;
        return type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Any(member => member.IsDefined(typeof(SecretAttribute), inherit: true))
            || type.GetConstructors().Any(c => c.GetParameters().Any(p => p.IsDefined(typeof(SecretAttribute), inherit: true)));
    }

    /// <summary>Adds what the exporter does not know: how System.Text.Json reads each value (<see cref="JsonReaders"/>), how large a number
    /// may be, which members are never read, and that extension data takes any argument.</summary>
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode schema)
    {
        var property = context.PropertyInfo;
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (property is not null && !IsRead(property))
            return new JsonObject { ["readOnly"] = true };
        if (property?.CustomConverter is { } converter && schema is not JsonObject)
            return ExampleArgs.ForConverter(converter, property.PropertyType) is { } example
                ? new JsonObject { ["examples"] = new JsonArray(example) }
                : schema;
        if (type == typeof(JsonValue))
            return new JsonObject { [JsonReaders.Keyword] = nameof(JsonValue), ["examples"] = new JsonArray("text") };
        if (schema is not JsonObject node)
            return schema;
        NameReader(node, type, property);
        if (RangeOf(property) is { } range)
            Limit(node, range);
        if (context.TypeInfo.Properties.Any(p => p.IsExtensionData))
            node.Remove("additionalProperties");
        LetBeMissing(node, context.TypeInfo);
        if (context.TypeInfo is { Kind: JsonTypeInfoKind.Dictionary, KeyType: { } key })
            NameKeys(node, key);
        if (property is not null)
            AllowNullInside(node, property);
        return node;
    }

    /// <summary>Members that are only written, such as <c>public int Sum => A + B</c>, may stand in args that were copied from a
    /// run.</summary>
    private static bool IsRead(JsonPropertyInfo property) =>
        property.Set is not null || property.AssociatedParameter is not null || property.IsExtensionData
        || (property.ObjectCreationHandling ?? JsonObjectCreationHandling.Replace) == JsonObjectCreationHandling.Populate;

    /// <summary>The exporter goes by the constructor alone; the reader lets a nullable parameter be missing.</summary>
    private static void LetBeMissing(JsonObject node, JsonTypeInfo info)
    {
        if (node["required"] is not JsonArray required)
            return;
        var optional = info.Properties.Where(p => !p.IsRequired).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        required.RemoveAll(name => name is not null && optional.Contains(name.GetValue<string>()));
        if (required.Count == 0)
            node.Remove("required");
    }

    private static void NameReader(JsonObject node, Type type, JsonPropertyInfo? property)
    {
        if (type.IsEnum)
        {
            NameEnum(node, type, property);
            return;
        }

        if (property?.CustomConverter is not null
            || JsonReaders.NameOf(type, TypesOf(node).Contains("string") && IsNumber(type)) is not { } reader)
            return;
        // Where names such as NaN are allowed, the number is one of two branches.
        var target = node["anyOf"] is JsonArray branches
            ? branches.OfType<JsonObject>().FirstOrDefault(b => TypesOf(b).Contains("number"))
            : node;
        if (target is null || (type == typeof(string) || type == typeof(bool)))
            return;
        target[JsonReaders.Keyword] = reader;
        if (LimitsOf(type) is var (least, most))
            (node["minimum"], node["maximum"]) = (least, most);
        if (type == typeof(TimeSpan))
            node["examples"] = new JsonArray("00:05:00");
        else if (reader == "Byte[]")
            (node["contentEncoding"], node["examples"]) = ("base64", new JsonArray("AAEC"));
        else if (type == typeof(Version))
            node["examples"] = new JsonArray("1.0");
    }

    private static void NameEnum(JsonObject node, Type type, JsonPropertyInfo? property)
    {
        if (property?.CustomConverter is not null)
        {
            // Some other converter of enums: the numbers that it takes are those of the underlying type.
            if (TypesOf(node) is ["integer"] or ["integer", "null"])
                node[JsonReaders.Keyword] = JsonReaders.NameOf(Enum.GetUnderlyingType(type));
            return;
        }

        if (!type.IsDefined(typeof(FlagsAttribute), inherit: false))
        {
            node[JsonReaders.Keyword] = JsonReaders.Enum;
            return;
        }

        var names = NamesOf(type);
        node[JsonReaders.Keyword] = JsonReaders.Flags;
        node["x-fleet-names"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]);
        if (names.Count > 0)
            node["examples"] = new JsonArray(names[0]);
    }

    /// <summary>The names of an enum as they are written in JSON.</summary>
    private static List<string> NamesOf(Type type) => [.. Enum.GetValues(type).Cast<object>()
        .Select(value => JsonSerializer.SerializeToElement(value, type, FleetJson.Payload).GetString()!).Distinct(StringComparer.Ordinal)];

    private static void NameKeys(JsonObject node, Type key)
    {
        if (key.IsEnum)
            node["propertyNames"] = new JsonObject { ["enum"] = new JsonArray([.. NamesOf(key).Select(n => JsonValue.Create(n))]) };
        else if (key != typeof(string) && JsonReaders.NameOf(key) is { } reader)
            node[JsonReaders.KeyKeyword] = reader;
    }

    private static string[] TypesOf(JsonObject node) => node["type"] switch
    {
        JsonArray types => [.. types.Select(t => t!.GetValue<string>())],
        JsonValue type => [type.GetValue<string>()],
        _ => [],
    };

    private static bool IsNumber(Type type) =>
        type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(System.Numerics.INumber<>));

    private static (JsonNode Least, JsonNode Most)? LimitsOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 => (int.MinValue, int.MaxValue),
        TypeCode.Int16 => (short.MinValue, short.MaxValue),
        TypeCode.Byte => (byte.MinValue, byte.MaxValue),
        TypeCode.SByte => (sbyte.MinValue, sbyte.MaxValue),
        TypeCode.UInt16 => (ushort.MinValue, ushort.MaxValue),
        TypeCode.UInt32 => (uint.MinValue, uint.MaxValue),
        TypeCode.Int64 => (long.MinValue, long.MaxValue),
        TypeCode.UInt64 => (ulong.MinValue, ulong.MaxValue),
        _ => null,
    };

    /// <summary>On the property, or on the parameter of a record.</summary>
    private static RangeAttribute? RangeOf(JsonPropertyInfo? property) =>
        (property?.AttributeProvider?.GetCustomAttributes(typeof(RangeAttribute), inherit: true).FirstOrDefault()
            ?? property?.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(RangeAttribute), inherit: true)
            .FirstOrDefault()) as RangeAttribute;

    /// <summary>Publishes the bounds of a number; a range of dates or other values has no keyword in JSON Schema.</summary>
    private static void Limit(JsonObject node, RangeAttribute range)
    {
        if (Bound(range.Minimum) is { } least)
        {
            node.Remove("minimum");
            node[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = least;
        }

        if (Bound(range.Maximum) is { } most)
        {
            node.Remove("maximum");
            node[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = most;
        }

        JsonNode? Bound(object bound) => bound switch
        {
            int whole => whole,
            double number => double.IsFinite(number) ? number : null,
            // Written as text, with the type beside it.
            string text when IsNumber(range.OperandType)
                && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => null,
        };
    }

    /// <summary>The exporter takes every element of a list for not null: C# says it for each, as in <c>List&lt;string?&gt;</c>.</summary>
    private static void AllowNullInside(JsonObject node, JsonPropertyInfo property)
    {
        if (!typeof(IEnumerable).IsAssignableFrom(property.PropertyType) || property.PropertyType == typeof(string))
            return;
        var context = new NullabilityInfoContext();
        var info = property.AssociatedParameter?.AttributeProvider is ParameterInfo parameter ? context.Create(parameter)
            : property.AttributeProvider is PropertyInfo member ? context.Create(member)
            : property.AttributeProvider is FieldInfo field ? context.Create(field)
            : null;
        if (info is not null)
            AllowNullInside(node, info);
    }

    private static void AllowNullInside(JsonObject node, NullabilityInfo info)
    {
        var element = info.ElementType ?? info.GenericTypeArguments.LastOrDefault();
        if (element is null || (node["items"] ?? node["additionalProperties"]) is not JsonObject inner)
            return;
        if (element.ReadState == NullabilityState.Nullable && inner["type"] is JsonValue type)
            inner["type"] = new JsonArray(type.GetValue<string>(), "null");
        AllowNullInside(inner, element);
    }
}
