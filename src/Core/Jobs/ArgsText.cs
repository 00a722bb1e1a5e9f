using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>The stored form of args: one compact JSON object. All args that arrive as JSON are converted here.</summary>
public static class ArgsText
{
    /// <summary>Converts parsed args to the stored form. Missing args and null become an empty object.</summary>
    /// <param name="args">The args, as the caller wrote them.</param>
    /// <param name="path">Prefix of the field's name in errors, such as <c>runs[3].</c>.</param>
    /// <exception cref="InvalidRunException">They are not an object, are larger than 256 KiB, nest deeper than 64 levels, or contain
    /// invalid text.</exception>
    public static string From(JsonElement? args, string path = "")
    {
        if (args is not { ValueKind: not JsonValueKind.Null } given)
            return "{}";
        var field = path + "args";
        if (given.ValueKind != JsonValueKind.Object)
            throw new InvalidRunException(
                new InputError(
                    "wrong_type", field, $"{field}: expected a JSON object.", RunRules.Show(given.GetRawText()), "a JSON object"));
        // For args inside a message, the message reader already allowed for the levels of the envelope.
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

    /// <summary>Converts args given as JSON text to the stored form.</summary>
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

    /// <summary>Path of the first string that cannot be read.</summary>
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
