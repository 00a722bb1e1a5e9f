using System.Text.Json.Serialization;

namespace Fleet.Cli.Config;

/// <summary>A server that a person works with, under a name.</summary>
public sealed record Profile
{
    /// <summary>The server's URL.</summary>
    public string? Server { get; init; }

    /// <summary>The API key.</summary>
    public string? Key { get; init; }

    /// <summary>A command that prints the API key, such as one of a password manager; instead of <see cref="Key"/>.</summary>
    public string? KeyCommand { get; init; }

    /// <summary>The format of the output when <c>-o</c> is not given.</summary>
    public string? Output { get; init; }
}

/// <summary>All profiles, as the file has them.</summary>
public sealed record Profiles
{
    /// <summary>The profile that is used unless another is named; null for none.</summary>
    public string? Current { get; init; }

    /// <summary>By name.</summary>
    [JsonPropertyName("profiles")]
    public SortedDictionary<string, Profile> ByName { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>The file's types, known to System.Text.Json at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Profiles))]
internal sealed partial class ProfilesJson : JsonSerializerContext;
