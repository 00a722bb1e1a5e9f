using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Access;

/// <summary>What the audit says of a key: never its hash.</summary>
internal sealed record KeyFacts(string Name, string Role, IReadOnlyList<string>? Lanes, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>The key that takes its place; null for none.</summary>
    public string? RotatedTo { get; init; }

    public static KeyFacts Of(ApiKey key) => new(key.Name, key.Role, KeyRules.FromRow(key.Lanes), key.ExpiresAt, key.RevokedAt);
}
