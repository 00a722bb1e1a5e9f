using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Core.Jobs;

/// <summary>An incompatible change of a job's args: runs of the older version cannot be read.</summary>
/// <param name="Field">The field, such as <c>args.customer</c>.</param>
/// <param name="What">The change; continues a sentence that starts with the field.</param>
/// <param name="Advice">What to do instead.</param>
public readonly record struct ArgsBreak(string Field, string What, string Advice);

/// <summary>Compares the args schemas of two versions of a job.</summary>
public static class ArgsBreaks
{
    private const int MaxDepth = 16;

    /// <summary>Finds what args of one version may lack or contain that the other version cannot read.</summary>
    /// <param name="before">JSON Schema of the version whose runs may be waiting.</param>
    /// <param name="now">JSON Schema of the version that executes them.</param>
    public static IReadOnlyList<ArgsBreak> Between(string before, string now)
    {
        var found = new List<ArgsBreak>();
        Compare(JsonNode.Parse(before), JsonNode.Parse(now), "args", found, 0);
        return found;
    }

    private static void Compare(JsonNode? before, JsonNode? now, string path, List<ArgsBreak> found, int depth)
    {
        if (before is not JsonObject was || now is not JsonObject nowIs || depth > MaxDepth)
            return;
        var (typesBefore, typesNow) = (Words(was["type"]), Words(nowIs["type"]));
        if (typesBefore.Length > 0 && typesNow.Length > 0
            && typesBefore.Except(typesNow).Where(t => t != "integer" || !typesNow.Contains("number")).ToArray() is { Length: > 0 } lost)
        {
            found.Add(lost is ["null"]
                ? new ArgsBreak(path, "may not be null any more.", "Keep it nullable.")
                : new ArgsBreak(
                    path, $"was {string.Join(" or ", typesBefore)} and is {string.Join(" or ", typesNow)}.",
                    "Give the new argument a new name."));
        }

        if (Words(was["enum"]) is { Length: > 0 } valuesBefore && Words(nowIs["enum"]) is { Length: > 0 } valuesNow
            && valuesBefore.Except(valuesNow).ToArray() is { Length: > 0 } gone)
        {
            found.Add(
                new ArgsBreak(path, $"does not take {string.Join(", ", gone)} any more.", "Keep the old values until no run has them."));
        }

        var required = Words(was["required"]);
        foreach (var name in Words(nowIs["required"]).Except(required))
        {
            var isNew = was["properties"]?[name] is null;
            found.Add(new ArgsBreak(
                $"{path}.{name}", isNew
                    ? "is new and required, and runs enqueued before lack it."
                    : "is required now, and runs enqueued before may lack it.",
                "Give it a default or make it nullable."));
        }

        foreach (var (name, property) in nowIs["properties"] as JsonObject ?? [])
            Compare(was["properties"]?[name], property, $"{path}.{name}", found, depth + 1);
        Compare(was["items"], nowIs["items"], path + "[]", found, depth + 1);
        if (was["additionalProperties"] is JsonObject && nowIs["additionalProperties"] is JsonObject)
            Compare(was["additionalProperties"], nowIs["additionalProperties"], path + ".*", found, depth + 1);
    }

    /// <summary>A word or a list of words; a null in an enum counts as the word <c>null</c>.</summary>
    private static string[] Words(JsonNode? node) => node switch
    {
        JsonArray array =>
            [.. array.Select(w => w is null ? "null" : w.GetValueKind() == JsonValueKind.String ? w.GetValue<string>() : w.ToJsonString())],
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };
}
