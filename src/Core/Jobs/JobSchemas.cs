using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Fleet.Core.Jobs;

/// <summary>Describes a job's args to people and programs: a JSON Schema, and an example that fits it.</summary>
public static class JobSchemas
{
    private static readonly JsonSchemaExporterOptions ExporterOptions = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Complete,
    };

    /// <summary>The job as the catalog shows it.</summary>
    public static JobInfo Describe(JobDefinition job)
    {
        // The strict dialect, so that the schema refuses a misspelt argument.
        var schema = FleetJson.Strict.GetJsonSchemaAsNode(job.ArgsType, ExporterOptions);
        return new JobInfo
        {
            Name = job.Name,
            Lane = job.Lane,
            MaxAttempts = job.MaxAttempts,
            Timeout = job.Timeout,
            Description = job.Description,
            Aliases = job.Aliases,
            Schema = schema.ToJsonString(),
            Example = (ExampleOf(schema) ?? new JsonObject()).ToJsonString(),
        };
    }

    /// <summary>Adds what the exporter does not know: how a duration looks, how large a whole number may be (by its type, or by
    /// <see cref="RangeAttribute"/>), and that extension data takes any argument.</summary>
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is not JsonObject node)
            return schema;
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (type == typeof(TimeSpan))
            node["examples"] = new JsonArray("00:05:00");
        if (RangeOf(type, context.PropertyInfo?.AttributeProvider) is var (least, most))
            (node["minimum"], node["maximum"]) = (least, most);
        if (context.TypeInfo.Properties.Any(p => p.IsExtensionData))
            node.Remove("additionalProperties");
        // The exporter goes by the constructor alone; the reader lets a nullable parameter be missing.
        if (node["required"] is JsonArray required)
        {
            var optional = context.TypeInfo.Properties.Where(p => !p.IsRequired).Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
            required.RemoveAll(name => name is not null && optional.Contains(name.GetValue<string>()));
            if (required.Count == 0)
                node.Remove("required");
        }

        return schema;
    }

    private static (JsonNode Least, JsonNode Most)? RangeOf(Type type, ICustomAttributeProvider? property)
    {
        if (property?.GetCustomAttributes(typeof(RangeAttribute), inherit: true) is [RangeAttribute range])
            return (JsonSerializer.SerializeToNode(range.Minimum)!, JsonSerializer.SerializeToNode(range.Maximum)!);
        return Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => null,
            TypeCode.Int32 => (int.MinValue, int.MaxValue),
            TypeCode.Int16 => (short.MinValue, short.MaxValue),
            TypeCode.Byte => (byte.MinValue, byte.MaxValue),
            TypeCode.SByte => (sbyte.MinValue, sbyte.MaxValue),
            TypeCode.UInt16 => (ushort.MinValue, ushort.MaxValue),
            TypeCode.UInt32 => (uint.MinValue, uint.MaxValue),
            TypeCode.Int64 => (long.MinValue, long.MaxValue),
            _ => null,
        };
    }

    private static JsonNode? ExampleOf(JsonNode? node)
    {
        if (node is not JsonObject schema)
            return null;
        if (schema["examples"] is JsonArray { Count: > 0 } examples)
            return examples[0]!.DeepClone();
        if (schema["default"] is { } byDefault)
            return byDefault.DeepClone();
        if (schema["enum"] is JsonArray { Count: > 0 } values)
            return values[0]?.DeepClone();
        var type = schema["type"] is JsonArray types ? types[0]!.GetValue<string>() : schema["type"]?.GetValue<string>();
        switch (type)
        {
            case "object":
                var example = new JsonObject();
                foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
                    example[name] = ExampleOf(property);
                return example;
            case "array":
                return ExampleOf(schema["items"]) is { } item ? new JsonArray(item) : new JsonArray();
            case "integer":
                return schema["minimum"] is JsonValue least && least.TryGetValue<int>(out var smallest) && smallest > 1 ? smallest : 1;
            case "number":
                return 1.5;
            case "boolean":
                return true;
            case "string":
                return schema["format"]?.GetValue<string>() switch
                {
                    "date" => "2026-01-31",
                    "date-time" => "2026-01-31T12:00:00+00:00",
                    "time" => "12:00:00",
                    "uuid" => "01938f3c-0000-7000-8000-000000000000",
                    "uri" => "https://example.com/",
                    _ => "text",
                };
            default:
                return null;
        }
    }
}
