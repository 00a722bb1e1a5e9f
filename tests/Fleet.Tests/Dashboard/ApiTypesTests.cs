using System.Text;
using System.Text.Json.Nodes;
using Fleet.Tests.House;

namespace Fleet.Tests.Dashboard;

/// <summary>The page's types of requests and answers are those of the OpenAPI document.</summary>
public sealed class ApiTypesTests
{
    private const string File = "src/Dashboard/web/src/data/types.ts";

    [Fact]
    public void Types_OfThePage_AreThoseOfTheApi()
    {
        var path = Path.Combine(Repository.Root, File);
        var expected = Write(JsonNode.Parse(System.IO.File.ReadAllText(
            Path.Combine(Repository.Root, "tests/Fleet.Tests/House/openapi.approved.json")))!["components"]!["schemas"]!.AsObject());
        if (System.IO.File.ReadAllText(path) == expected)
            return;
        System.IO.File.WriteAllText(path, expected);
        Assert.Fail($"{File} was not up to date. It is now: look at its difference, and build again.");
    }

    private static string Write(JsonObject schemas)
    {
        var text = new StringBuilder(
            "// Written by the test ApiTypesTests from the OpenAPI document: the shapes of requests and answers.\n");
        foreach (var (name, schema) in schemas.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            text.Append('\n');
            if (schema!["properties"] is not JsonObject properties)
            {
                text.Append($"export type {name} = {TypeOf(schema)}\n");
                continue;
            }

            var required = (schema["required"] as JsonArray ?? []).Select(r => r!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
            text.Append($"export interface {name} {{\n");
            foreach (var (member, type) in properties)
            {
                // What may be left out of a request may be left out here; an answer has all members.
                var optional = name.EndsWith("Body", StringComparison.Ordinal) && !required.Contains(member) ? "?" : "";
                text.Append($"  {member}{optional}: {TypeOf(type!)}\n");
            }

            text.Append("}\n");
        }

        return text.ToString();
    }

    private static string TypeOf(JsonNode schema)
    {
        if (schema["$ref"] is { } reference)
            return reference.GetValue<string>().Split('/')[^1];
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
            return string.Join(" | ", choices.Select(c => TypeOf(c!)).Distinct(StringComparer.Ordinal));
        string[] names = schema["type"] switch
        {
            JsonArray several => [.. several.Select(t => t!.GetValue<string>())],
            JsonValue one => [one.GetValue<string>()],
            _ => [],
        };
        var types = names.Where(n => n != "null").Select(n => TypeOf(n, schema)).Distinct(StringComparer.Ordinal).ToList();
        if (types.Count == 0)
            return names is ["null"] ? "null" : "unknown";
        return string.Join(" | ", names.Contains("null") ? [.. types, "null"] : types);
    }

    private static string TypeOf(string name, JsonNode schema) => name switch
    {
        "integer" or "number" => "number",
        "array" => schema["items"] is { } items
            ? TypeOf(items) is var item && item.Contains('|', StringComparison.Ordinal) ? $"({item})[]" : $"{item}[]"
            : "unknown[]",
        "object" => schema["additionalProperties"] is JsonObject { Count: > 0 } values
            ? $"Record<string, {TypeOf(values)}>"
            : "Record<string, unknown>",
        _ => name,
    };
}
