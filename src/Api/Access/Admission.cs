using System.Globalization;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Lets a request through to its endpoint, or refuses it: 401 when it does not say who makes it, 403 when they may not.</summary>
internal sealed class Admission(Credentials credentials, AccessOptions options, OpenAccess open, BoundAccess bound, TimeProvider time)
{
    private const string Bearer = "Bearer ";

    /// <summary>Who makes a request that was let through.</summary>
    public static Principal PrincipalOf(HttpContext http) => http.Features.Get<Principal>()
        ?? throw new InvalidOperationException("The request was not admitted.");

    /// <summary>Lets the request through to <paramref name="next"/>, or answers with the refusal.</summary>
    public async Task AdmitAsync(HttpContext http, EndpointAccess access, RequestDelegate next)
    {
        if (!open.IsBehindGate)
            SecurityHeaders.Add(http.Response);
        if (await RefuseAsync(http, access, EndpointContract.Of(http)) is { } refused)
            await refused.ExecuteAsync(http);
        else
            await next(http);
    }

    /// <summary>Who makes a request to something that anyone may ask, but that tells more to those who may see it.</summary>
    /// <returns>Null for nobody who is known.</returns>
    public Task<Principal?> FindAsync(HttpContext http) =>
        options.IsOn ? FindByKeyAsync(http) : Task.FromResult(Open());

    /// <summary>Watches whether the caller of a request that goes on for long is still admitted.</summary>
    public AdmissionWatch Watch(HttpContext http) => new(
        PrincipalOf(http) is { IsProven: true } who && (who.KeyId ?? who.SessionId) is not null
            ? async () => await FindByKeyAsync(http) is not null
            : null,
        time);

    private async Task<IResult?> RefuseAsync(HttpContext http, EndpointAccess access, EndpointContract contract)
    {
        var needed = contract.Permission;
        // A program that allows other origins for these endpoints has decided who may call them.
        if (http.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is null && CrossSite.Refuse(http.Request) is { } foreign)
            return Problems.Refused(foreign);
        if (needed == Permission.None)
            return null;
        if (access.Kind == AccessKind.Anonymous && open.Refuse(http.Request.Host) is { } host)
            return Problems.Refused(host);
        var principal = access.Kind switch
        {
            AccessKind.Anonymous => Open(),
            AccessKind.Keys => await FindByKeyAsync(http),
            _ => Translate(http, access),
        };
        if (principal is null)
            return Unknown(http, access);
        if (principal.SessionId is not null && CrossSite.RefuseUnsaid(http.Request) is { } unsaid)
            return Problems.Refused(unsaid);
        if (!principal.Role.May(needed))
            return Forbidden(principal, needed);
        if (BoundAccess.Concerns(principal) && await bound.RefuseAsync(http, contract, principal) is { } notTheirs)
            return notTheirs;
        http.Features.Set(principal);
        return null;
    }

    /// <summary>Not before it is known where the program listens: a request that comes in that moment is refused.</summary>
    private Principal? Open() => open.IsAllowed ? Principal.Anyone : null;

    private async Task<Principal?> FindByKeyAsync(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            // Whoever sends a key means it. A session beside it does not count, so that a wrong key is noticed.
            return authorization.Count == 1 && authorization.ToString() is var text
                && text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                && KeyText.Parse(text[Bearer.Length..].Trim()) is { } key
                ? await credentials.FindByKeyAsync(key, http.RequestAborted)
                : null;
        }

        if (KeyText.Parse(SessionCookie.Read(http)) is not { } session)
            return null;
        if (await credentials.FindBySessionAsync(session, http.RequestAborted) is { } person)
            return person;
        // A cookie that opens nothing is of no use in the browser either.
        if (!http.Response.HasStarted)
            SessionCookie.Delete(http);
        return null;
    }

    private static Principal? Translate(HttpContext http, EndpointAccess access)
    {
        if (access.RoleOf(http.User) is not { } role)
            return null;
        var name = http.User.Identity?.Name;
        var shown = string.IsNullOrWhiteSpace(name) ? "unnamed" : StoredText.Cut(ControlCharacters.Escape(name), Actor.MaxName);
        return new Principal(shown, ActorKind.Person, role);
    }

    private static IResult Unknown(HttpContext http, EndpointAccess access)
    {
        if (access.Kind == AccessKind.Policy)
        {
            return Problems.Make(
                StatusCodes.Status403Forbidden, "no_role", "The program around Fleet gives you no role in Fleet.");
        }

        return Unauthenticated(
            http,
            http.Request.Headers.Authorization.Count > 0
                ? "The API key is not known, was revoked, or has expired. It is sent as 'Authorization: Bearer flt_…'."
                : "Say who you are: send an API key as 'Authorization: Bearer flt_…', or sign in. 'fleet key create' makes a key.");
    }

    /// <summary>The answer to somebody who is not known.</summary>
    public static IResult Unauthenticated(HttpContext http, string message)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"fleet\"";
        return Problems.Make(StatusCodes.Status401Unauthorized, "unauthenticated", message);
    }

    private static IResult Forbidden(Principal principal, Permission needed) => Problems.Make(
        StatusCodes.Status403Forbidden, "forbidden",
        string.Create(
            CultureInfo.InvariantCulture,
            $"{principal.Name} has the role {principal.Role.ToWord()}; this needs "
                + $"{string.Join(" or ", Roles.With(needed).Select(r => r.ToWord()))}."));
}
