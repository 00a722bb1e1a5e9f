using Fleet.Api.Access;
using Fleet.Core.Access;
using Fleet.Core.Actors;

namespace Fleet.Oidc;

/// <summary>Says who somebody is in Fleet, and what they may do, by the claims of a token whose signature was checked.</summary>
internal sealed class PeopleOfProvider(OidcOptions options)
{
    private const int MaxSubject = 255;

    /// <summary>Who it is.</summary>
    public ProviderAnswer Find(TokenClaims claims, DateTimeOffset? expiresAt)
    {
        if (claims.Text("sub") is not { Length: > 0 and <= MaxSubject } subject)
            return new(null, "unauthenticated", "The token does not say whose it is: it has no claim 'sub'.");
        if (FindName(claims, subject) is not { } name)
            return new(null, "unauthenticated", $"The token has no name of 1–{Actor.MaxName} printable characters.");
        if (FindRole(claims) is not var (role, lanes))
        {
            return new(
                null, "no_role",
                $"{name} is known to the provider, but has no role in Fleet: no claim has a value that the settings give one. Ask whoever "
                    + "runs Fleet.");
        }

        return new(new Principal(name, IsProgram(claims, subject) ? ActorKind.Program : ActorKind.Person, role)
        {
            Lanes = lanes,
            Subject = subject,
            ExpiresAt = expiresAt,
        });
    }

    /// <summary>The most powerful role that a claim gives. If several rules give it, their lanes are added up.</summary>
    private (Role Role, IReadOnlyList<string>? Lanes)? FindRole(TokenClaims claims)
    {
        var matching = options.Rules.Where(rule => claims.Values(rule.Claim).Contains(rule.Value, StringComparer.Ordinal)).ToList();
        if (matching.Count == 0)
            return null;
        var role = matching.MaxBy(rule => Roles.PermissionsOf(rule.Role).Count)!.Role;
        var ofRole = matching.Where(rule => rule.Role == role).ToList();
        return (role, ofRole.Exists(rule => rule.Lanes is null)
            ? null
            : [.. ofRole.SelectMany(rule => rule.Lanes!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>The name for people. One that cannot be stored is not shortened: it could then be that of somebody else.</summary>
    private string? FindName(TokenClaims claims, string subject) =>
        new[] { claims.Text(options.Name), subject }
            .FirstOrDefault(name => name is not null && Actor.TryCreate(ActorKind.Person, name, address: null, out _));

    /// <summary>Whether a program has asked for the token in its own name. Standards do not say how to tell; providers do it in one of
    /// these ways.</summary>
    private static bool IsProgram(TokenClaims claims, string subject)
    {
        var client = claims.Text("client_id") ?? claims.Text("azp") ?? claims.Text("appid");
        return claims.Text("idtyp") == "app"
            || (client is not null && (subject == client || claims.Text("preferred_username") == "service-account-" + client));
    }
}
