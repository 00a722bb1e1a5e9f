using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Api.Contract;

/// <summary>Finds every member of a refused body that cannot be read. The serializer stops at the first.</summary>
internal static class BodyErrors
{
    /// <summary>Collects what is wrong.</summary>
    /// <param name="body">The body, in UTF-8.</param>
    /// <param name="type">What it is read as.</param>
    /// <param name="first">What the serializer says.</param>
    /// <param name="errors">Takes the errors.</param>
    /// <returns>The body without the members that cannot be read, for the checks that follow; null if it is no object at all.</returns>
    public static object? Collect(byte[] body, Type type, InputError first, InputErrors errors)
    {
        object? rest = null;
        var found = new InputErrors();
        try
        {
            var root = JsonElement.Parse(body);
            if (root.ValueKind == JsonValueKind.Object)
                rest = ReadObject(root, type, "", found).Deserialize(type, FleetJson.Strict);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not even JSON, or text that is none: the first error says it.
        }

        // The same error may be found with a better pointer.
        var same = found.All.FirstOrDefault(e => e.Field == first.Field && e.Code == first.Code)
            // All wrong types are found here; the serializer may write the path of the same one in another way.
            ?? (first.Code == "wrong_type" ? found.All.FirstOrDefault(e => e.Code == first.Code) : null);
        errors.Add(same ?? first);
        foreach (var error in found.All.Where(error => error.Field != (same ?? first).Field))
            errors.Add(error);
        return rest;
    }

    /// <summary>The members that can be read.</summary>
    private static JsonObject ReadObject(JsonElement given, Type type, string path, InputErrors errors)
    {
        var info = FleetJson.Strict.GetTypeInfo(type);
        var rest = new JsonObject();
        foreach (var member in given.EnumerateObject())
        {
            var field = path + RunRules.Show(member.Name);
            if (info.Properties.FirstOrDefault(p => p.Name.Equals(member.Name, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                var known = info.Properties.Select(p => p.Name).ToArray();
                errors.Add(new InputError(
                    "unknown_field", field, $"{field}: there is no such field; {Nearest.Hint(member.Name, known)}", null,
                    string.Join(", ", known))
                {
                    Pointer = (path.Length == 0 ? "" : JsonPointer.Of(path.TrimEnd('.'))) + JsonPointer.Step(member.Name),
                });
            }
            else if (rest.ContainsKey(property.Name) || errors.Has(path + property.Name))
            {
                errors.Add(new InputError("duplicate_field", field, $"{field}: it is given more than once.", null, "once"));
            }
            else if (ReadValue(member.Value, property.PropertyType, path + property.Name, errors, out var value))
            {
                rest[property.Name] = value;
            }
        }

        return rest;
    }

    private static bool ReadValue(JsonElement given, Type type, string field, InputErrors errors, out JsonNode? value)
    {
        value = null;
        var info = FleetJson.Strict.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        if (given.ValueKind == JsonValueKind.Array && info is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element }
            && FleetJson.Strict.GetTypeInfo(element).Kind == JsonTypeInfoKind.Object)
        {
            var items = new JsonArray();
            foreach (var item in given.EnumerateArray())
            {
                if (errors.AreFull)
                    break;
                items.Add(item.ValueKind == JsonValueKind.Object
                    ? ReadObject(item, element, $"{field}[{items.Count}].", errors)
                    : item.Deserialize<JsonNode>());
            }

            value = items;
            return true;
        }

        if (given.ValueKind == JsonValueKind.Array && info is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } simple })
            return ReadItems(given, simple, field, errors, out value);
        if (given.ValueKind == JsonValueKind.Object && info is { Kind: JsonTypeInfoKind.Dictionary, ElementType: { } member })
        {
            value = ReadMembers(given, member, field, errors);
            return true;
        }

        try
        {
            given.Deserialize(type, FleetJson.Strict);
            value = given.Deserialize<JsonNode>();
            return true;
        }
        catch (JsonException)
        {
            var (shown, expected) = (RunRules.Show(given.GetRawText()), RequestBody.Expected(Nullable.GetUnderlyingType(type) ?? type));
            errors.Add(new InputError("wrong_type", field, $"{field}: '{shown}' is not allowed; expected {expected}.", shown, expected));
            return false;
        }
    }

    /// <summary>A list of texts or numbers. With a bad item it counts as missing, because the others would move up.</summary>
    private static bool ReadItems(JsonElement given, Type type, string field, InputErrors errors, out JsonNode? value)
    {
        var (items, isRead, index) = (new JsonArray(), true, 0);
        foreach (var item in given.EnumerateArray())
        {
            if (errors.AreFull)
                break;
            isRead &= ReadValue(item, type, $"{field}[{index++}]", errors, out var read);
            items.Add(read);
        }

        value = items;
        return isRead;
    }

    /// <summary>The members of a dictionary that can be read.</summary>
    private static JsonObject ReadMembers(JsonElement given, Type type, string field, InputErrors errors)
    {
        var members = new JsonObject();
        foreach (var member in given.EnumerateObject())
        {
            if (errors.AreFull)
                break;
            var found = new InputErrors();
            if (ReadValue(member.Value, type, $"{field}.{RunRules.Show(member.Name)}", found, out var read))
                members[member.Name] = read;
            // A name may have dots.
            foreach (var error in found.All)
                errors.Add(error with { Pointer = JsonPointer.Of(field) + JsonPointer.Step(member.Name) });
        }

        return members;
    }
}
