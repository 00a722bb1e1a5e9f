using System.Text.Json;
using System.Text.RegularExpressions;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Jobs;

/// <summary>Checks args against the schema that <see cref="JobSchemas"/> writes, as strictly as System.Text.Json reads them. Never throws
/// on any args: a number of a thousand digits is refused like any other. Keywords that it does not know are passed over.</summary>
internal sealed class SchemaCheck(string job, JsonElement root)
{
    // A schema that somebody else wrote may refer to itself without end.
    private const int MaxReferences = 16;

    private static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);

    /// <returns>All violations, in the order of the members; at most <see cref="InputErrors.Most"/>.</returns>
    public IReadOnlyList<InputError> Check(JsonElement args)
    {
        var errors = new InputErrors();
        Check(root, args, new Place(null, "args"), errors);
        return errors.All;
    }

    private void Check(JsonElement given, JsonElement value, Place place, InputErrors errors)
    {
        if (errors.AreFull)
            return;
        var schema = Resolve(given);
        if (!place.IsSecret && (IsSecret(given) || IsSecret(schema)))
            place = place with { IsSecret = true };
        if (schema.ValueKind == JsonValueKind.False || schema.TryGetMember("not", out _))
        {
            errors.Add(Misfit(schema, value, place));
            return;
        }

        if (schema.ValueKind != JsonValueKind.Object
            || (schema.TryGetMember("readOnly", out var isReadOnly) && isReadOnly.ValueKind == JsonValueKind.True))
            return;
        var fits = FitsType(schema, value) && FitsEnum(schema, value)
            && (value.ValueKind == JsonValueKind.Null
                || (FitsReader(schema, value) && FitsRange(schema, value) && FitsText(schema, value)));
        if (!fits)
        {
            errors.Add(Misfit(schema, value, place));
            return;
        }

        var before = errors.All.Count;
        if (value.ValueKind == JsonValueKind.Object)
            CheckObject(schema, value, place, errors);
        else if (value.ValueKind == JsonValueKind.Array)
            CheckItems(schema, value, place, errors);
        if (value.ValueKind != JsonValueKind.Null && errors.All.Count == before && schema.TryGetMember("anyOf", out var branches))
            CheckAny(schema, branches, value, place, errors);
    }

    private static bool IsSecret(JsonElement schema) =>
        schema.TryGetMember(SecretPlace.Keyword, out var isSecret) && isSecret.ValueKind == JsonValueKind.True;

    private JsonElement Resolve(JsonElement schema)
    {
        for (var i = 0; i < MaxReferences && schema.TryGetMember("$ref", out var reference); i++)
            schema = SchemaReference.Find(root, reference.GetString() ?? "");
        return schema;
    }

    private void CheckObject(JsonElement schema, JsonElement value, Place place, InputErrors errors)
    {
        var properties = schema.TryGetMember("properties", out var some) ? some : default;
        var others = schema.TryGetMember("additionalProperties", out var more) ? more : default;
        var isTagged = properties.ValueKind == JsonValueKind.Object
            && properties.EnumerateObject().Any(p => p.Value.TryGetMember("const", out _));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            var here = place.Step(member.Name);
            if (Find(properties, member.Name) is { Name: var name, Value: var expected })
            {
                if (seen.Add(name))
                    Check(expected, member.Value, here, errors);
                else
                    errors.Add(Doubled(here));
                continue;
            }

            seen.Add(member.Name);
            // Among the members of a type that has a discriminator, the names that begin so belong to System.Text.Json.
            if (others.ValueKind == JsonValueKind.False || (isTagged && member.Name.StartsWith('$')))
                errors.Add(Unknown(properties, member.Name, here));
            else if (!FitsKey(schema, member.Name))
                errors.Add(MisfitKey(schema, member.Name, here));
            else if (others.ValueKind == JsonValueKind.Object)
                Check(others, member.Value, here, errors);
        }

        if (schema.TryGetMember("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(r => r.GetString()!).Where(name => !seen.Contains(name)))
                errors.Add(Missing(schema, properties, name, place));
        }
    }

    private void CheckItems(JsonElement schema, JsonElement value, Place place, InputErrors errors)
    {
        if (!schema.TryGetMember("items", out var items))
            return;
        var i = 0;
        foreach (var item in value.EnumerateArray())
            Check(items, item, place.Step(null, i++), errors);
    }

    /// <summary>One of several shapes: the one whose discriminator the value names, else any.</summary>
    private void CheckAny(JsonElement schema, JsonElement branches, JsonElement value, Place place, InputErrors errors)
    {
        string? tag = null;
        InputErrors? first = null;
        var isOpen = false;
        foreach (var branch in branches.EnumerateArray())
        {
            if (Tag(branch) is { } expected)
            {
                tag = expected.Name;
                if (value.TryGetMember(tag, out var given) && JsonElement.DeepEquals(given, expected.Value))
                {
                    Check(branch, value, place, errors);
                    return;
                }

                continue;
            }

            isOpen = true;
            var tried = new InputErrors();
            Check(branch, value, place, tried);
            if (tried.AreNone)
                return;
            first ??= tried;
        }

        if (tag is null || (isOpen && !value.TryGetMember(tag, out _)))
        {
            if (first is null || tag is null)
                errors.Add(Misfit(schema, value, place));
            else
                errors.Add(first.All, "");
            return;
        }

        var allowed = "one of " + string.Join(", ", Tags(branches));
        var at = place.Step(tag);
        errors.Add(value.TryGetMember(tag, out var wrong)
            ? at.Refuse(
                "invalid_argument", $"'{at.Show(wrong.GetRawText())}' does not fit job '{job}'; expected {allowed}.",
                at.Show(wrong.GetRawText()), allowed)
            : MissingAt(at, allowed));
    }

    private static bool FitsType(JsonElement schema, JsonElement value)
    {
        if (!schema.TryGetMember("type", out var types))
            return true;
        return types.ValueKind == JsonValueKind.Array ? types.EnumerateArray().Any(Fits) : Fits(types);

        bool Fits(JsonElement type) => (type.GetString(), value.ValueKind) switch
        {
            ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String)
                or ("number", JsonValueKind.Number)
                or ("boolean", JsonValueKind.True or JsonValueKind.False) or ("null", JsonValueKind.Null) => true,
            // 1.0 and 1e3 are whole numbers to people and to JSON Schema; System.Text.Json takes digits alone.
            ("integer", JsonValueKind.Number) => !value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'),
            _ => false,
        };
    }

    private static bool FitsEnum(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetMember("const", out var constant))
            return JsonElement.DeepEquals(constant, value);
        if (!schema.TryGetMember("enum", out var values))
            return true;
        if (values.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)))
            return true;
        return Reader(schema) == JsonReaders.Enum && value.ValueKind == JsonValueKind.String && IsNameOf(values, value.GetString()!);
    }

    private static bool FitsReader(JsonElement schema, JsonElement value) => Reader(schema) switch
    {
        null or JsonReaders.Enum => true,
        JsonReaders.Flags => schema.TryGetMember("x-fleet-names", out var names)
            && value.GetString()!.Split(',').All(name => IsNameOf(names, name)),
        var name => JsonReaders.Takes(name, value),
    };

    /// <summary>As the reader of enums compares: without regard to case and to white space around the name.</summary>
    private static bool IsNameOf(JsonElement names, string text) =>
        names.EnumerateArray()
            .Any(n => n.ValueKind == JsonValueKind.String
                && text.AsSpan().Trim().Equals(n.GetString(), StringComparison.OrdinalIgnoreCase));

    /// <summary>The reader that the schema names; where an older worker published it, the one that its format stands for.</summary>
    private static string? Reader(JsonElement schema)
    {
        if (schema.TryGetMember(JsonReaders.Keyword, out var named))
            return named.GetString();
        return schema.TryGetMember("format", out var format) ? format.GetString() switch
        {
            "uuid" => nameof(Guid),
            "date-time" => nameof(DateTimeOffset),
            "date" => nameof(DateOnly),
            "time" => nameof(TimeOnly),
            _ => null,
        }
        : null;
    }

    private static bool FitsRange(JsonElement schema, JsonElement value) => value.ValueKind != JsonValueKind.Number
        || ((!schema.TryGetMember("minimum", out var least) || Compare(value, least) >= 0)
            && (!schema.TryGetMember("maximum", out var most) || Compare(value, most) <= 0)
            && (!schema.TryGetMember("exclusiveMinimum", out var below) || Compare(value, below) > 0)
            && (!schema.TryGetMember("exclusiveMaximum", out var above) || Compare(value, above) < 0));

    private static int Compare(JsonElement one, JsonElement other) => one.TryGetDecimal(out var a) && other.TryGetDecimal(out var b)
        ? a.CompareTo(b)
        : Double(one).CompareTo(Double(other));

    private static double Double(JsonElement number) => number.TryGetDouble(out var read) ? read
        : number.GetRawText().StartsWith('-') ? double.NegativeInfinity
        : double.PositiveInfinity;

    private static bool FitsText(JsonElement schema, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return true;
        var text = value.GetString()!;
        return !(schema.TryGetMember("minLength", out var least) && text.Length < least.GetInt32())
            && !(schema.TryGetMember("maxLength", out var most) && text.Length > most.GetInt32())
            // Beside the reader too: that takes "5" for a duration, and means five days.
            && (!schema.TryGetMember("pattern", out var pattern) || IsMatch(text, pattern.GetString()!));
    }

    private static bool IsMatch(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTime);
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            return true;
        }
    }

    private static bool FitsKey(JsonElement schema, string key) =>
        (!schema.TryGetMember(JsonReaders.KeyKeyword, out var reader) || JsonReaders.TakesKey(reader.GetString()!, key))
        && (!schema.TryGetMember("propertyNames", out var names) || !names.TryGetMember("enum", out var allowed) || IsNameOf(allowed, key));

    /// <summary>The exact name first, then any case, as the reader binds it.</summary>
    private static JsonProperty? Find(JsonElement properties, string name)
    {
        if (properties.ValueKind != JsonValueKind.Object)
            return null;
        JsonProperty? similar = null;
        foreach (var property in properties.EnumerateObject())
        {
            if (property.NameEquals(name))
                return property;
            if (!name.StartsWith('$') && property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                similar ??= property;
        }

        return similar;
    }

    /// <summary>The discriminator of a branch and its value.</summary>
    private static (string Name, JsonElement Value)? Tag(JsonElement branch)
    {
        if (!branch.TryGetMember("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var property in properties.EnumerateObject())
        {
            if (property.Value.TryGetMember("const", out var constant))
                return (property.Name, constant);
        }

        return null;
    }

    private static IEnumerable<string> Tags(JsonElement branches) =>
        branches.EnumerateArray().Select(Tag).OfType<(string Name, JsonElement Value)>().Select(t => t.Value.ToString());

    private InputError Misfit(JsonElement schema, JsonElement value, Place place)
    {
        var (shown, expected) = (place.Show(value.GetRawText()), Expected(schema));
        return place.Refuse("invalid_argument", $"'{shown}' does not fit job '{job}'; expected {expected}.", shown, expected);
    }

    private InputError MisfitKey(JsonElement schema, string key, Place place)
    {
        var expected = schema.TryGetMember(JsonReaders.KeyKeyword, out var reader)
            ? JsonReaders.Describe(reader.GetString()!) ?? "another name"
            : "one of " + string.Join(", ", schema.GetProperty("propertyNames").GetProperty("enum").EnumerateArray());
        var shown = place.Show(key);
        return place.Refuse("invalid_argument", $"the name '{shown}' does not fit job '{job}'; expected {expected}.", shown, expected);
    }

    private static InputError Doubled(Place place) => place.Refuse("duplicate_argument", "it is given more than once.", null, "once");

    private InputError Unknown(JsonElement properties, string name, Place place)
    {
        var known = properties.ValueKind == JsonValueKind.Object ? properties.EnumerateObject().Select(p => p.Name).ToArray() : [];
        var hint = Nearest.To(name, known) is { } nearest ? $"did you mean '{nearest}'?"
            : known.Length == 0 ? "it takes none."
            : $"it takes {string.Join(", ", known)}.";
        return place.Refuse("unknown_argument", $"job '{job}' takes no such argument; {hint}", null, string.Join(", ", known));
    }

    private InputError Missing(JsonElement schema, JsonElement properties, string name, Place place)
    {
        var expected = properties.TryGetMember(name, out var property) ? Expected(Resolve(property))
            : schema.TryGetMember("anyOf", out var branches) ? "one of " + string.Join(", ", Tags(branches))
            : "a value";
        return MissingAt(place.Step(name), expected);
    }

    private InputError MissingAt(Place place, string expected) =>
        place.Refuse("missing_argument", $"it is missing; job '{job}' needs it.", null, expected);

    private static string Expected(JsonElement schema)
    {
        if (schema.TryGetMember("enum", out var values))
            return "one of "
                + string.Join(", ", values.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Null ? "null" : v.ToString()));
        if (schema.TryGetMember("x-fleet-names", out var names))
            return "names with commas between them: " + string.Join(", ", names.EnumerateArray());
        var types = !schema.TryGetMember("type", out var type) ? []
            : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).ToArray() : [type.GetString()!];
        var words = Reader(schema) is { } reader && JsonReaders.Describe(reader) is { } described && !types.Contains("integer") ? described
            : types.Length == 0 ? "another value"
            : string.Join(" or ", types.Where(t => t != "null"));
        var range = (Text("minimum"), Text("maximum")) switch
        {
            (null, null) => "",
            ({ } least, null) => $" of {least} or more",
            (null, { } most) => $" of {most} or less",
            ({ } least, { } most) => $" from {least} to {most}",
        };
        return words + range + (types.Contains("null") ? " or null" : "");

        string? Text(string keyword) => schema.TryGetMember(keyword, out var bound) ? bound.GetRawText() : null;
    }
}

/// <summary>Where in the args a value stands. Written as text only for an error.</summary>
/// <param name="Around">The object or the array around it; null for the args themselves.</param>
/// <param name="Name">The name of the member; null in an array.</param>
/// <param name="Index">The index in an array.</param>
internal sealed record Place(Place? Around, string? Name, int Index = 0)
{
    /// <summary>True if what stands here is secret: errors show neither it nor what stands within it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>A place within this one; within a secret, the secret itself.</summary>
    public Place Step(string? name, int index = 0) => IsSecret ? this : new Place(this, name, index);

    /// <summary>A value or a name that stands here, for an error.</summary>
    public string Show(string value) => IsSecret ? SecretAttribute.Redacted : RunRules.Show(value);

    private string Field => Around is null ? Name! : Name is null ? $"{Around.Field}[{Index}]" : $"{Around.Field}.{Name}";

    private string Pointer => Around?.Pointer + (Name is null ? $"/{Index}" : JsonPointer.Step(Name));

    /// <summary>The error of what stands here.</summary>
    public InputError Refuse(string code, string why, string? value, string? allowed)
    {
        var (field, pointer) = (RunRules.Show(Field), Pointer);
        return new InputError(code, field, $"{field}: {why}", value, allowed)
        {
            Pointer = JsonPointer.Of(field) == pointer ? null : pointer,
        };
    }
}

/// <summary>Reads members of a schema that may be no object.</summary>
internal static class SchemaMembers
{
    public static bool TryGetMember(this JsonElement schema, string name, out JsonElement value)
    {
        value = default;
        return schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(name, out value);
    }
}
