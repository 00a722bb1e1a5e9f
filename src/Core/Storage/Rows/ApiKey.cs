using Fleet.Core.Actors;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>api_keys</c>. It stays when the key has ended, because the audit and rows of changes name it.</summary>
public sealed class ApiKey
{
    /// <summary>8 characters, as in the text of the key.</summary>
    public string Id { get; set; } = "";

    /// <summary>What the key is for. Actors have this name.</summary>
    public string Name { get; set; } = "";

    /// <summary>SHA-256 of the whole text.</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>The word of the role, such as <c>viewer</c>.</summary>
    public string Role { get; set; } = "";

    /// <summary>JSON array of the lanes that it is bound to; null: all.</summary>
    public string? Lanes { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public Actor? CreatedBy { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Written at most once a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public Actor? RevokedBy { get; set; }

    /// <summary>The key in whose place it came; null for none.</summary>
    public string? RotatedFrom { get; set; }

    /// <summary>Whether the key opens anything at an instant.</summary>
    public bool IsValid(DateTimeOffset now) => RevokedAt is null && now < ExpiresAt;
}
