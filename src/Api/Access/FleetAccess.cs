using System.Security.Claims;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Builder;

namespace Fleet;

/// <summary>Who may call Fleet inside a program. What <c>MapFleet</c> maps must say it: by a policy of the program
/// (<c>RequireAuthorization</c>), by <see cref="RequireFleetKeys"/>, or with <c>AllowAnonymous</c>, which works only while the server
/// listens on loopback addresses alone. Otherwise the program does not start.</summary>
public static class FleetAccess
{
    /// <summary>Callers send an API key of Fleet, or are signed in with one. With <c>Fleet:Api:Access=off</c> anyone may call, while the
    /// server listens on loopback addresses alone.</summary>
    public static TBuilder RequireFleetKeys<TBuilder>(this TBuilder fleet)
        where TBuilder : IEndpointConventionBuilder
    {
        fleet.Add(static endpoint => endpoint.Metadata.Add(new EndpointAccess.FleetKeys()));
        return fleet;
    }

    /// <summary>Says which role a user of the program has in Fleet. Without it, everyone whom the program's policy lets in is an
    /// operator.</summary>
    /// <param name="fleet">What <c>MapFleet</c> returned.</param>
    /// <param name="roleOf">The role; null for a user who may do nothing.</param>
    public static TBuilder WithFleetRoles<TBuilder>(this TBuilder fleet, Func<ClaimsPrincipal, Role?> roleOf)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(roleOf);
        fleet.Add(endpoint => endpoint.Metadata.Add(new EndpointAccess.RoleOfUser(roleOf)));
        return fleet;
    }
}
