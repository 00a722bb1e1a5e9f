using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Puts the stored secrets into args that somebody has edited without seeing them: where an edit has
/// <see cref="SecretAttribute.Redacted"/>, the stored value stays.</summary>
/// <remarks>An element of a list keeps the secrets of the stored element that is equal to it in all that can be seen. An element that was
/// changed keeps those at its place, if the list is as long as before. Everything else is refused: a secret must not come to another
/// account.</remarks>
public static class KeepSecrets
{
    private const string Code = "unknown_secret";

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = FleetJson.MaxDepth * 2,
        SkipValidation = true,
    };

    /// <summary>Merges the stored secrets into edited args.</summary>
    /// <param name="secrets">The secret members of the job.</param>
    /// <param name="edited">The edit, JSON text in the form of <see cref="ArgsText"/>.</param>
    /// <param name="stored">JSON text of the stored args of the same job; null when nothing is stored.</param>
    /// <param name="errors">Takes an error for each place where nothing is stored that could stay.</param>
    /// <returns>JSON text of the args to be stored; the edit itself when it has nothing to be kept.</returns>
    public static string KeepStored(this SecretMembers secrets, string edited, string? stored, InputErrors errors)
    {
        if (secrets.AreNone || !edited.Contains(SecretAttribute.Redacted, StringComparison.Ordinal))
            return edited;
        var before = default(JsonElement);
        try
        {
            if (stored is not null)
                before = JsonElement.Parse(stored);
        }
        catch (JsonException)
        {
            // A row that another program wrote may hold no JSON: then nothing is stored.
        }

        var bytes = new ArrayBufferWriter<byte>(edited.Length);
        using (var writer = new Utf8JsonWriter(bytes, WriterOptions))
            new Merge(errors).Write(JsonElement.Parse(edited), before, secrets.Root, new Place(null, "args"), writer);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Finds <see cref="SecretAttribute.Redacted"/> in the place of a secret of args that replace nothing.</summary>
    /// <returns>An error for each such place.</returns>
    public static IReadOnlyList<InputError> FindRedacted(this SecretMembers secrets, string args)
    {
        var errors = new InputErrors();
        secrets.KeepStored(args, stored: null, errors);
        return errors.All;
    }

    private sealed class Merge(InputErrors errors)
    {
        public void Write(JsonElement edited, JsonElement stored, SecretPlace secret, Place place, Utf8JsonWriter writer)
        {
            if (secret.IsSecret)
            {
                WriteSecret(edited, stored, place, writer);
                return;
            }

            switch (edited.ValueKind)
            {
                case JsonValueKind.Object when secret.LeadsOn:
                    writer.WriteStartObject();
                    foreach (var member in edited.EnumerateObject())
                    {
                        writer.WritePropertyName(member.Name);
                        Write(
                            member.Value, Member(stored, member.Name), secret.Member(member.Name), new Place(place, member.Name), writer);
                    }

                    writer.WriteEndObject();
                    break;
                case JsonValueKind.Array when secret.LeadsOn:
                    writer.WriteStartArray();
                    WriteItems(edited, stored, secret.Item(), place, writer);
                    writer.WriteEndArray();
                    break;
                default:
                    edited.WriteTo(writer);
                    break;
            }
        }

        private void WriteSecret(JsonElement edited, JsonElement stored, Place place, Utf8JsonWriter writer)
        {
            var keeps = IsRedacted(edited);
            if (keeps && stored.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            {
                stored.WriteTo(writer);
                return;
            }

            if (keeps)
                errors.Add(Refuse(place, "stands for a secret that is stored, and none is stored here; give the secret itself."));
            else if (HasRedacted(edited))
                errors.Add(Refuse(place, "stands within a secret, which is kept only as a whole; give all of it."));
            edited.WriteTo(writer);
        }

        private void WriteItems(JsonElement edited, JsonElement stored, SecretPlace secret, Place place, Utf8JsonWriter writer)
        {
            JsonElement[] items = [.. edited.EnumerateArray()];
            JsonElement[] before = stored.ValueKind == JsonValueKind.Array ? [.. stored.EnumerateArray()] : [];
            string[] shown = [.. before.Select(item => SecretMembers.Redact(item, secret))];
            for (var i = 0; i < items.Length; i++)
            {
                var at = new Place(place, null, i);
                if (!HasRedacted(items[i]) || !(secret.IsSecret || secret.LeadsOn))
                    items[i].WriteTo(writer);
                else if (Find(items, i, before, shown, secret) is { } same)
                    Write(items[i], same, secret, at, writer);
                else if (before.Length == 0)
                    Write(items[i], default, secret, at, writer);
                else
                {
                    errors.Add(Refuse(at, "stands for a secret, and it is not clear of which stored element; give the secret itself."));
                    items[i].WriteTo(writer);
                }
            }
        }

        /// <summary>The stored element whose secrets an edited one keeps.</summary>
        private static JsonElement? Find(
            JsonElement[] items, int index, JsonElement[] before, string[] shown, SecretPlace secret)
        {
            var wanted = SecretMembers.Redact(items[index], secret);
            int[] same = [.. Enumerable.Range(0, before.Length).Where(i => shown[i] == wanted)];
            if (same.Length > 0 && same.All(i => JsonElement.DeepEquals(before[i], before[same[0]])))
                return before[same[0]];
            if (items.Length != before.Length)
                return null;
            if (same.Contains(index))
                return before[index];
            // A changed one. If what stood at its place stands elsewhere now, its own has gone there.
            return same.Length == 0 && !items.Any(item => SecretMembers.Redact(item, secret) == shown[index]) ? before[index] : null;
        }

        private static JsonElement Member(JsonElement stored, string name)
        {
            if (stored.ValueKind != JsonValueKind.Object)
                return default;
            return stored.TryGetProperty(name, out var exact)
                ? exact
                : stored.EnumerateObject().FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        }

        private static bool IsRedacted(JsonElement value) =>
            value.ValueKind == JsonValueKind.String && value.ValueEquals(SecretAttribute.Redacted);

        private static bool HasRedacted(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Any(m => HasRedacted(m.Value)),
            JsonValueKind.Array => value.EnumerateArray().Any(HasRedacted),
            _ => IsRedacted(value),
        };

        private static InputError Refuse(Place place, string why) =>
            place.Refuse(Code, $"'{SecretAttribute.Redacted}' {why}", SecretAttribute.Redacted, "the secret itself");
    }
}
