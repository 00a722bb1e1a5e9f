using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>Any text. What is wrong with it is found by the endpoint.</summary>
internal sealed record TextParameter(string Name, string Description) : Parameter(Name, Description)
{
    /// <summary>Maximum number of characters for the document; null for none.</summary>
    public int? MaxLength { get; init; }

    /// <summary>What it matches, for the document; null for anything.</summary>
    public string? Pattern { get; init; }

    public override IEnumerable<string> Codes => Refusals;

    /// <summary>The codes with which an endpoint refuses it.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    public override JsonObject MakeSchema()
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (MaxLength is { } most)
            schema["maxLength"] = most;
        if (Pattern is { } pattern)
            schema["pattern"] = pattern;
        return schema;
    }

    public override InputError? Check(string text) => null;

    /// <summary>The text; null when it is left out.</summary>
    public string? Find(HttpContext http) => Text(http);

    /// <summary>The text of a required parameter.</summary>
    public string Of(HttpContext http) => Text(http) ?? "";
}

/// <summary>A whole number in a range.</summary>
internal sealed record NumberParameter(string Name, string Description, long Least, long Most) : Parameter(Name, Description)
{
    /// <summary>The value when it is left out; null for none.</summary>
    public long? Default { get; init; }

    public override JsonObject MakeSchema()
    {
        var schema = new JsonObject { ["type"] = "integer", ["format"] = "int64", ["minimum"] = Least, ["maximum"] = Most };
        if (Default is { } value)
            schema["default"] = value;
        return schema;
    }

    public override InputError? Check(string text) =>
        TryParse(text, out _) ? null : RunRules.Invalid(Code, Name, text, $"{Least}–{Most}");

    /// <summary>The number; its default when it is left out.</summary>
    public long? Find(HttpContext http) => Text(http) is { } text && TryParse(text, out var number) ? number : Default;

    /// <summary>The number of a parameter with a default.</summary>
    public int Of(HttpContext http) => (int)Find(http)!.Value;

    private bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number >= Least && number <= Most;
}

/// <summary><c>true</c> or <c>false</c>; false when it is left out.</summary>
internal sealed record FlagParameter(string Name, string Description) : Parameter(Name, Description)
{
    public override JsonObject MakeSchema() => new() { ["type"] = "boolean", ["default"] = false };

    public override InputError? Check(string text) =>
        text is "true" or "false" ? null : RunRules.Invalid(Code, Name, text, "true or false");

    public bool Of(HttpContext http) => Text(http) == "true";
}

/// <summary>One word of an enum, in camelCase.</summary>
internal sealed record WordParameter<T>(string Name, string Description) : Parameter(Name, Description)
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> Values =
        Enum.GetValues<T>().ToDictionary(value => value.ToWord(), StringComparer.Ordinal);

    public override JsonObject MakeSchema() =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. Values.Keys.Select(word => (JsonNode)word)]) };

    public override InputError? Check(string text) =>
        Values.ContainsKey(text) ? null : RunRules.Invalid(Code, Name, text, "one of " + string.Join(", ", Values.Keys));

    /// <summary>The word; null when it is left out.</summary>
    public T? Find(HttpContext http) => Text(http) is { } text ? Values[text] : null;
}

/// <summary>An instant in ISO 8601 with an offset.</summary>
internal sealed record InstantParameter(string Name, string Description) : Parameter(Name, Description)
{
    /// <summary>The earliest instant that is read; null for 1970. The endpoint may refuse more.</summary>
    public DateTimeOffset? Earliest { get; init; }

    public override IEnumerable<string> Codes => ["invalid_instant"];

    public override JsonObject MakeSchema() => new() { ["type"] = "string", ["format"] = "date-time" };

    public override InputError? Check(string text) => RunRules.TryReadInstant(Plus(text), Name, out _, Earliest);

    /// <summary>The instant; null when it is left out.</summary>
    public DateTimeOffset? Find(HttpContext http)
    {
        DateTimeOffset? instant = null;
        if (Text(http) is { } text)
            _ = RunRules.TryReadInstant(Plus(text), Name, out instant, Earliest);
        return instant;
    }

    /// <summary>A plus that was not escaped means a space in a query, and an offset cannot begin with one.</summary>
    private static string Plus(string text) => text.Replace(' ', '+');
}

/// <summary>The id of a run.</summary>
internal sealed record RunIdParameter(string Name, string Description) : Parameter(Name, Description)
{
    public override JsonObject MakeSchema() => new() { ["type"] = "string", ["format"] = "uuid" };

    public override InputError? Check(string text) => RunId.TryParse(text, out _)
        ? null
        : RunRules.Invalid(Code, Name, text, "a run id: a UUID of 36 characters, as the enqueue answered");

    public RunId Of(HttpContext http) => RunId.TryParse(Text(http), out var id) ? id : default;
}
