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

    /// <summary>Adds what the exporter does not know: how a duration looks, and that extension data takes any argument.</summary>
    private static JsonNode Complete(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (schema is not JsonObject node)
            return schema;
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (type == typeof(TimeSpan))
            node["examples"] = new JsonArray("00:05:00");
        if (context.TypeInfo.Properties.Any(p => p.IsExtensionData))
            node.Remove("additionalProperties");
        return schema;
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
                return 1;
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
