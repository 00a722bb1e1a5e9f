using System.Text.Json;
using Fleet.Core.Runs;

namespace Fleet.Core.Jobs;

/// <summary>Args as they are stored: one compact JSON object. Every way in that takes args as JSON goes through here.</summary>
public static class ArgsText
{
    /// <summary>The stored form of args that were parsed already; left out or null, they are an empty object.</summary>
    /// <param name="args">As the caller wrote them.</param>
    /// <param name="path">What stands before the field's name in errors, such as <c>runs[3].</c>.</param>
    /// <exception cref="InvalidRunException">They are no object, larger than 256 KiB, nest deeper than 64 levels, or hold text that is no
    /// text.</exception>
    public static string From(JsonElement? args, string path = "")
    {
        if (args is not { ValueKind: not JsonValueKind.Null } given)
            return "{}";
        var field = path + "args";
        if (given.ValueKind != JsonValueKind.Object)
            throw new InvalidRunException(
                new InputError(
                    "wrong_type", field, $"{field}: expected a JSON object.", RunRules.Show(given.GetRawText()), "a JSON object"));
        // Of what came inside a message, the reader of the message has allowed for the levels around it.
        if (DepthOf(given) > FleetJson.MaxDepth)
        {
            throw new InvalidRunException(new InputError(
                "too_deep", field, $"{field}: they nest too deeply; allowed are {FleetJson.MaxDepth} levels.", null,
                $"{FleetJson.MaxDepth} levels"));
        }

        if (FindBrokenText(given, field) is { } broken)
        {
            const string allowed = "whole Unicode characters; a \\uD800–\\uDFFF escape stands in pairs only";
            throw new InvalidRunException(
                new InputError(
                    "invalid_text", broken, $"{broken}: it holds half of a surrogate pair; allowed are {allowed}.", null, allowed));
        }

        var text = JsonSerializer.Serialize(given, FleetJson.Payload);
        return RunRules.CheckArgsSize(text) is { } error
            ? throw new InvalidRunException(error with { Field = path + error.Field, Message = path + error.Message })
            : text;
    }

    /// <summary>The stored form of args that are JSON text.</summary>
    /// <inheritdoc cref="From" path="/exception"/>
    public static string Parse(string json)
    {
        try
        {
            return From(JsonSerializer.Deserialize<JsonElement>(json, FleetJson.Strict));
        }
        catch (JsonException e)
        {
            var shown = RunRules.Show(json);
            throw new InvalidRunException(
                new InputError("invalid_json", "args", $"args: '{shown}' is not a JSON object: {e.Message}", shown, "a JSON object"));
        }
    }

    private static int DepthOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => 1 + element.EnumerateArray().Select(DepthOf).DefaultIfEmpty().Max(),
        JsonValueKind.Object => 1 + element.EnumerateObject().Select(member => DepthOf(member.Value)).DefaultIfEmpty().Max(),
        _ => 0,
    };

    /// <summary>Where the first string stands that cannot be read.</summary>
    private static string? FindBrokenText(JsonElement element, string path) => element.ValueKind switch
    {
        JsonValueKind.String when !IsText(element.GetString) => path,
        JsonValueKind.Array =>
            element.EnumerateArray().Select((item, i) => FindBrokenText(item, $"{path}[{i}]")).FirstOrDefault(found => found is not null),
        JsonValueKind.Object => element.EnumerateObject().Select(
            member => IsText(() => member.Name) ? FindBrokenText(member.Value, $"{path}.{member.Name}") : path).FirstOrDefault(found =>
                found is not null),
        _ => null,
    };

    private static bool IsText(Func<string?> read)
    {
        try
        {
            read();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
