using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fleet.Core.Rules;

/// <summary>The version of a thing that people edit: a hash of everything that they can change about it. It changes with each edit, and not
/// with what Fleet does by itself, such as planning the next run.</summary>
public static class VersionOf
{
    /// <summary>Computes the version.</summary>
    /// <param name="parts">Texts of the parts, in a fixed order. Include the instants of changes, so that a value that is set, changed and
    /// set back is another version.</param>
    public static string Parts(params string?[] parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(parts))).AsSpan(0, 8));

    /// <summary>An instant as a part. Databases differ in what they keep below a millisecond.</summary>
    public static string? Instant(DateTimeOffset? instant) =>
        instant?.ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
}
