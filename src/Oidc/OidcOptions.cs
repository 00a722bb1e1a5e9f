using Fleet.Core.Access;

namespace Fleet.Oidc;

/// <summary>The OIDC provider, and what its claims give people and programs.</summary>
/// <param name="Authority">Its issuer URL. <c>https</c>, or <c>http</c> on this machine.</param>
/// <param name="Audience">What the claim <c>aud</c> of a bearer token must have.</param>
/// <param name="Rules">Which claim gives which role.</param>
internal sealed record OidcOptions(Uri Authority, string Audience, IReadOnlyList<RoleRule> Rules)
{
    /// <summary>The claim that names people unless the settings say otherwise. A name owns views and runs, so it is the one claim that
    /// nobody can change, and that is never given to another person.</summary>
    public const string DefaultName = "sub";

    /// <summary>What is asked of the provider unless the settings say otherwise.</summary>
    public const string DefaultScopes = "openid profile";

    /// <summary>How long a session lasts unless the settings say otherwise. People who have lost their role at the provider keep it here
    /// for so long at most.</summary>
    public static readonly TimeSpan DefaultSessionLife = TimeSpan.FromHours(12);

    /// <summary>How far the provider's clock may be from ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>Fleet as the provider knows it, for people who sign in; null: nobody signs in.</summary>
    public string? ClientId { get; init; }

    /// <summary>The secret of the client; null for a public one.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>What is asked of the provider at a sign-in.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = DefaultScopes.Split(' ');

    /// <summary>The claim with the name of a person or program. Without it, the name is <c>sub</c>.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>How long a session lasts, however often it is used: 5 minutes to 7 days.</summary>
    public TimeSpan SessionLife { get; init; } = DefaultSessionLife;

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{Authority}";
}

/// <summary>A claim that gives a role.</summary>
/// <param name="Claim">The name of the claim, or a path to it.</param>
/// <param name="Value">The whole value, in the same case.</param>
/// <param name="Role">The role.</param>
/// <param name="Lanes">The lanes to which it is bound; null: all.</param>
internal sealed record RoleRule(string Claim, string Value, Role Role, IReadOnlyList<string>? Lanes);
