using System.Text.Json;

namespace Fleet.Api;

/// <summary>Enums as the API writes them.</summary>
internal static class Words
{
    /// <summary>The value as a camelCase word.</summary>
    public static string ToWord<T>(this T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
