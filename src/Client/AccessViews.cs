namespace Fleet.Client;

/// <summary>Who makes the request, and what they may do.</summary>
public sealed record WhoAmIView
{
    /// <summary>The name of the key or of the person.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>person</c> or <c>program</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary><c>viewer</c>, <c>submitter</c>, <c>operator</c>, <c>admin</c> or <c>metrics</c>.</summary>
    public string Role { get; init; } = "";

    /// <summary>What the role may do: <c>view</c>, <c>follow</c>, <c>measure</c>, <c>submit</c>, <c>operate</c>,
    /// <c>administer</c>.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];

    /// <summary>The lanes that they are bound to; null: all.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary>How they proved it: <c>key</c> (an API key, or a session that one has opened), <c>oidc</c> (a token of the OIDC provider,
    /// or a session that it has opened) or <c>program</c> (the program around Fleet knows them). Null when access is off.</summary>
    public string? ProvenBy { get; init; }

    /// <summary>The id of the API key; null for none.</summary>
    public string? KeyId { get; init; }

    /// <summary>The id at the OIDC provider; null for none.</summary>
    public string? Subject { get; init; }

    /// <summary>The id of the session; null for none.</summary>
    public string? SessionId { get; init; }

    /// <summary>When the key or the session ends; null when it does not by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>False when anyone may do anything, because access is off.</summary>
    public bool IsProven { get; init; }
}

/// <summary>A key as a caller asks for it.</summary>
public sealed record CreateKeyBody
{
    /// <summary>What the key is for: 1–128 printable characters. Actors have this name. Required.</summary>
    public string? Name { get; init; }

    /// <summary><c>viewer</c>, <c>submitter</c>, <c>operator</c>, <c>admin</c> or <c>metrics</c>. Required.</summary>
    public string? Role { get; init; }

    /// <summary>The lanes that it is bound to: it sees nothing of others. Left out: all.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary>How long it is valid, from <c>1m</c> to <c>3650d</c>. Left out: <c>90d</c>.</summary>
    public string? ExpiresIn { get; init; }
}

/// <summary>How a key is rotated.</summary>
public sealed record RotateKeyBody
{
    /// <summary>How long the old key stays valid, from <c>0s</c> to <c>30d</c>. Left out: <c>1d</c>.</summary>
    public string? Overlap { get; init; }

    /// <summary>How long the new key is valid. Left out: as long as the old one was.</summary>
    public string? ExpiresIn { get; init; }
}

/// <summary>An API key, without its secret.</summary>
public sealed record KeyView
{
    /// <summary>8 characters: the second part of the key's text.</summary>
    public string Id { get; init; } = "";

    /// <summary>What the key is for. Actors have this name.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>viewer</c>, <c>submitter</c>, <c>operator</c>, <c>admin</c> or <c>metrics</c>.</summary>
    public string Role { get; init; } = "";

    /// <summary>The lanes that it is bound to; null: all.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary><c>valid</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public ActorView? CreatedBy { get; init; }

    /// <summary>When it ends by itself.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it was used last, to the minute; null: never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked; null: it was not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Who revoked it.</summary>
    public ActorView? RevokedBy { get; init; }

    /// <summary>The id of the key in whose place it came; null for none.</summary>
    public string? RotatedFrom { get; init; }
}

/// <summary>A new key.</summary>
public sealed record CreatedKeyView
{
    /// <summary>The text of the key, <c>flt_…</c>. It is shown this once. Null in a dry run.</summary>
    public string? Text { get; init; }

    /// <summary>The key without its secret.</summary>
    public KeyView Key { get; init; } = new();
}

/// <summary>A person who signs in.</summary>
public sealed record SignInBody
{
    /// <summary>The text of an API key. Required.</summary>
    public string? Key { get; init; }
}

/// <summary>A person who is signed in.</summary>
public sealed record SessionView
{
    /// <summary>The id of the session.</summary>
    public string Id { get; init; } = "";

    /// <summary>The person.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>viewer</c>, <c>submitter</c>, <c>operator</c>, <c>admin</c> or <c>metrics</c>.</summary>
    public string Role { get; init; } = "";

    /// <summary>The key that signed in; null for another way.</summary>
    public string? KeyId { get; init; }

    /// <summary>The id of the person at the OIDC provider that signed them in; null for another way.</summary>
    public string? Subject { get; init; }

    /// <summary>The IP address that signed in.</summary>
    public string? Address { get; init; }

    /// <summary>The browser, as it calls itself.</summary>
    public string? Agent { get; init; }

    /// <summary>When the person signed in.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last request came, to the minute.</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When it ends, however often it is used.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>True for the session of the request itself.</summary>
    public bool IsCurrent { get; init; }
}

/// <summary>A person has signed out here, and not yet at the OIDC provider.</summary>
public sealed record SignedOutView
{
    /// <summary>Where the browser goes to sign out at the provider.</summary>
    public string ProviderUrl { get; init; } = "";
}

/// <summary>A change that somebody made.</summary>
public sealed record AuditView
{
    /// <summary>Grows with each change.</summary>
    public long Id { get; init; }

    /// <summary>When the change was made.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Who made it.</summary>
    public ActorView By { get; init; } = new();

    /// <summary>The person for whom a program says that it acts. It is recorded but not verified.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>The way on which it came in: <c>api</c>, <c>cli</c>, <c>page</c> or <c>process</c>.</summary>
    public string Way { get; init; } = "";

    /// <summary>The API key that was used; null for none.</summary>
    public string? KeyId { get; init; }

    /// <summary>The actor's id at the OIDC provider; null for an actor whom it has not named.</summary>
    public string? Subject { get; init; }

    /// <summary>Thing and verb, such as <c>lane.pause</c>.</summary>
    public string Action { get; init; } = "";

    /// <summary>The id or name of the thing.</summary>
    public string Target { get; init; } = "";

    /// <summary>What was stored before; null when nothing was.</summary>
    public System.Text.Json.JsonElement? Before { get; init; }

    /// <summary>What is stored since; null when nothing is.</summary>
    public System.Text.Json.JsonElement? After { get; init; }

    /// <summary>Why, in words of the actor.</summary>
    public string? Reason { get; init; }
}
