using Fleet.Core.Actors;

namespace Fleet.Core.Access;

/// <summary>Who makes a request, as a credential proves it, and what they may do.</summary>
/// <param name="Name">The name of the key, or of the person.</param>
/// <param name="Kind">A person or a program.</param>
/// <param name="Role">What they may do.</param>
public sealed record Principal(string Name, ActorKind Kind, Role Role)
{
    /// <summary>Whoever comes while access is off.</summary>
    public static Principal Anyone { get; } = new("anyone", ActorKind.Program, Role.Admin) { IsProven = false };

    /// <summary>False when nothing was asked of them.</summary>
    public bool IsProven { get; private init; } = true;

    /// <summary>The lanes that they are bound to; null: all. They see nothing of others.</summary>
    public IReadOnlyList<string>? Lanes { get; init; }

    /// <summary>The API key that was used, directly or to sign in; null for none.</summary>
    public string? KeyId { get; init; }

    /// <summary>The id at the OIDC provider whose token was used, directly or to sign in; null for another way.</summary>
    public string? Subject { get; init; }

    /// <summary>The session that was used; null for none.</summary>
    public string? SessionId { get; init; }

    /// <summary>When the credential ends; null when it does not by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether they may see and change something of a lane.</summary>
    public bool Sees(string lane) => Lanes is null || Lanes.Contains(lane, StringComparer.Ordinal);
}
