using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Core;

/// <summary>The JSON dialects of Fleet: camelCase names, enums as camelCase words.</summary>
public static class FleetJson
{
    /// <summary>How deep args may nest. 64 is what System.Text.Json itself takes by default.</summary>
    public const int MaxDepth = 64;

    /// <summary>For args and outputs: tolerant of members that a newer or older sender knows, strict about missing ones.</summary>
    public static JsonSerializerOptions Payload { get; } = Make(JsonUnmappedMemberHandling.Skip);

    /// <summary>For requests of people: as <see cref="Payload"/>, and an unknown or doubled member is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = Make(JsonUnmappedMemberHandling.Disallow);

    private static JsonSerializerOptions Make(JsonUnmappedMemberHandling unmapped)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            UnmappedMemberHandling = unmapped,
            AllowDuplicateProperties = unmapped == JsonUnmappedMemberHandling.Skip,
            MaxDepth = MaxDepth,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
