namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>sessions</c>: a person who is signed in. Any process that reaches the database knows the session.</summary>
public sealed class Session
{
    /// <summary>Names the session. It is no secret.</summary>
    public string Id { get; set; } = "";

    /// <summary>SHA-256 of the text in the cookie.</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>The person.</summary>
    public string Name { get; set; } = "";

    /// <summary>The word of the role, such as <c>viewer</c>.</summary>
    public string Role { get; set; } = "";

    /// <summary>JSON array of the lanes that it is bound to; null: all.</summary>
    public string? Lanes { get; set; }

    /// <summary>The key that signed in; null for another way. When the key ends, the session does.</summary>
    public string? KeyId { get; set; }

    /// <summary>The person's id at the OIDC provider that signed them in; null for another way.</summary>
    public string? Subject { get; set; }

    /// <summary>The IP address that signed in.</summary>
    public string? Address { get; set; }

    /// <summary>The browser that signed in, as it calls itself.</summary>
    public string? Agent { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Written at most once a minute.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>When it ends, however often it is used.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}
