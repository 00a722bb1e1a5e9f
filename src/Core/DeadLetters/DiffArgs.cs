using System.Text.Json;

namespace Fleet.Core.DeadLetters;

/// <summary>A member of the args that differs.</summary>
/// <param name="Path">The member, such as <c>customer.id</c> or <c>items[3]</c>.</param>
/// <param name="Before">Its value; null when it was missing.</param>
/// <param name="After">Its value; null when it is missing.</param>
public sealed record ArgsChange(string Path, JsonElement? Before, JsonElement? After);

/// <summary>Tells what an edit of args changes, and applies a patch.</summary>
public static class DiffArgs
{
    /// <summary>Maximum number of changes that are told one by one.</summary>
    public const int MaxChanges = 100;

    /// <summary>The members that differ, in the order of the args before, then those that are new.</summary>
    public static IReadOnlyList<ArgsChange> Execute(JsonElement before, JsonElement after)
    {
        var changes = new List<ArgsChange>();
        Add(changes, "", before, after);
        return changes;
    }

    /// <summary>Applies a JSON merge patch (RFC 7396): members of the patch replace those of the args, and null removes one.</summary>
    public static JsonElement Merge(JsonElement args, JsonElement patch)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            Write(json, args, patch);
        return JsonElement.Parse(buffer.ToArray());
    }

    private static void Add(List<ArgsChange> changes, string path, JsonElement? before, JsonElement? after)
    {
        if (changes.Count >= MaxChanges)
            return;
        switch (before?.ValueKind, after?.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                foreach (var member in before.Value.EnumerateObject())
                    Add(changes, Within(path, member.Name), member.Value, Find(after.Value, member.Name));
                foreach (var member in after.Value.EnumerateObject().Where(m => Find(before.Value, m.Name) is null))
                    Add(changes, Within(path, member.Name), null, member.Value);
                break;
            case (JsonValueKind.Array, JsonValueKind.Array) when before.Value.GetArrayLength() == after.Value.GetArrayLength():
                for (var i = 0; i < before.Value.GetArrayLength(); i++)
                    Add(changes, $"{path}[{i}]", before.Value[i], after.Value[i]);
                break;
            default:
                if (before is not { } was || after is not { } made || !JsonElement.DeepEquals(was, made))
                    changes.Add(new ArgsChange(path, before, after));
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, JsonElement? value, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        if (value is { ValueKind: JsonValueKind.Object } old)
        {
            foreach (var member in old.EnumerateObject())
            {
                switch (Find(patch, member.Name))
                {
                    case null:
                        member.WriteTo(json);
                        break;
                    case { ValueKind: not JsonValueKind.Null } edit:
                        json.WritePropertyName(member.Name);
                        Write(json, member.Value, edit);
                        break;
                }
            }
        }

        foreach (var member in patch.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
        {
            if (value is { ValueKind: JsonValueKind.Object } known && Find(known, member.Name) is not null)
                continue;
            json.WritePropertyName(member.Name);
            Write(json, null, member.Value);
        }

        json.WriteEndObject();
    }

    private static JsonElement? Find(JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member : null;

    private static string Within(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
