using System.Security.Claims;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace Fleet.Api.Access;

/// <summary>How callers of an endpoint say who they are.</summary>
internal enum AccessKind
{
    /// <summary>By an API key, or a session that a key has opened.</summary>
    Keys,

    /// <summary>As the policy of the program around Fleet says.</summary>
    Policy,

    /// <summary>Not at all: the program says that anyone may call.</summary>
    Anonymous,
}

/// <summary>How callers of an endpoint say who they are, and what they may do.</summary>
/// <param name="Kind">How.</param>
/// <param name="RoleOf">With a policy: the role of a user. Null for a user who may do nothing.</param>
internal sealed record EndpointAccess(AccessKind Kind, Func<ClaimsPrincipal, Role?> RoleOf)
{
    private static readonly Func<ClaimsPrincipal, Role?> ByDefault = static _ => Role.Operator;

    /// <summary>Decides it from what was attached to an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="options">If access is off, keys are not asked for.</param>
    /// <exception cref="InvalidOperationException">Nothing was: nobody has decided who may call.</exception>
    public static EndpointAccess Of(EndpointBuilder endpoint, AccessOptions options)
    {
        var roleOf = endpoint.Metadata.OfType<RoleOfUser>().LastOrDefault()?.Find ?? ByDefault;
        // As in ASP.NET Core, where anonymous wins over a policy.
        if (endpoint.Metadata.OfType<IAllowAnonymous>().Any())
            return new(AccessKind.Anonymous, roleOf);
        if (endpoint.Metadata.OfType<FleetKeys>().Any())
            return new(options.IsOn ? AccessKind.Keys : AccessKind.Anonymous, roleOf);
        return endpoint.Metadata.Any(m => m is IAuthorizeData or AuthorizationPolicy)
            ? new(AccessKind.Policy, roleOf)
            : throw new InvalidOperationException(
                "MapFleet: nobody has said who may call Fleet. Use app.MapFleet(…).RequireAuthorization(…) for a policy of the program, "
                    + ".RequireFleetKeys() for API keys of Fleet, or .AllowAnonymous() for anyone on this machine.");
    }

    /// <summary>Says that callers have API keys or sessions of Fleet.</summary>
    public sealed class FleetKeys;

    /// <summary>Says which role a user of the program has.</summary>
    public sealed record RoleOfUser(Func<ClaimsPrincipal, Role?> Find);
}
