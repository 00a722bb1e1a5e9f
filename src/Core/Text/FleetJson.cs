using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Core.Text;

/// <summary>The JSON dialects of Fleet: camelCase names, enums as camelCase words.</summary>
public static class FleetJson
{
    /// <summary>How deep args may nest. 64 is what System.Text.Json itself takes by default.</summary>
    public const int MaxDepth = 64;

    /// <summary>For args and outputs: tolerant of members that a newer or older sender knows, strict about missing ones that are neither
    /// nullable nor have a default.</summary>
    public static JsonSerializerOptions Payload => JobArgs.Json;

    /// <summary>For requests of people: as <see cref="Payload"/>, and an unknown or doubled member is an error.</summary>
    public static JsonSerializerOptions Strict { get; } = MakeStrict();

    private static JsonSerializerOptions MakeStrict()
    {
        var options = new JsonSerializerOptions(Payload)
        {
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
        };
        options.MakeReadOnly();
        return options;
    }
}
