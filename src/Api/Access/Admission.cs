using System.Globalization;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Lets a request through to its endpoint, or refuses it: 401 when it does not say who makes it, 403 when they may not.</summary>
internal sealed class Admission(
    Credentials credentials, FailedSignIns signIns, CallerLimits limits, AccessOptions options, OpenAccess open, BoundAccess bound,
    TimeProvider time)
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
        var contract = EndpointContract.Of(http);
        if (await RefuseAsync(http, access, contract) is { } refused)
        {
            await refused.ExecuteAsync(http);
            return;
        }

        if (!contract.IsSearch)
        {
            await next(http);
            return;
        }

        using var turn = await limits.WaitToSearchAsync(http, PrincipalOf(http));
        if (turn.IsAcquired)
            await next(http);
        else
            await TooManySearches(http).ExecuteAsync(http);
    }

    /// <summary>Who makes a request to something that anyone may ask, but that tells more to those who may see it.</summary>
    /// <returns>Null for nobody who is known.</returns>
    public async Task<Principal?> FindAsync(HttpContext http) => options.IsOn ? (await FindByKeyAsync(http)).Who : Open();

    /// <summary>Watches whether the caller of a request that goes on for long is still admitted.</summary>
    public AdmissionWatch Watch(HttpContext http) => new(
        PrincipalOf(http) is { IsProven: true } who && (who.KeyId ?? who.SessionId) is not null
            ? async () => await FindAgainAsync(http) is not null
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
        var (principal, wait) = access.Kind switch
        {
            AccessKind.Anonymous => new(Open(), null),
            AccessKind.Keys => await FindByKeyAsync(http),
            _ => new SignInResult(Translate(http, access), null),
        };
        if (wait is not null)
            return FailedSignIns.Refuse(http, wait.Value);
        if (principal is null)
            return Unknown(http, access);
        if (principal.SessionId is not null && CrossSite.RefuseUnsaid(http.Request) is { } unsaid)
            return Problems.Refused(unsaid);
        if (!principal.Role.May(needed))
            return Forbidden(principal, needed);
        if (contract.IsChange && limits.CountWrite(http, principal) is { } pause)
            return TooManyWrites(http, principal, pause);
        if (BoundAccess.Concerns(principal) && await bound.RefuseAsync(http, contract, principal) is { } notTheirs)
            return notTheirs;
        http.Features.Set(principal);
        return null;
    }

    /// <summary>Not before it is known where the program listens: a request that comes in that moment is refused.</summary>
    private Principal? Open() => open.IsAllowed ? Principal.Anyone : null;

    private async Task<SignInResult> FindByKeyAsync(HttpContext http)
    {
        var (text, isSession, isSent) = Read(http);
        if (!isSent)
            return default;
        var result = await signIns.FindAsync(
            http, text, isSession ? credentials.FindBySessionAsync : credentials.FindByKeyAsync);
        // A cookie that opens nothing is of no use in the browser either.
        if (isSession && result is { Who: null, Wait: null } && !http.Response.HasStarted)
            SessionCookie.Delete(http);
        return result;
    }

    /// <summary>For a request that was let in already: if it would not be now, that is no attempt to get in.</summary>
    private Task<Principal?> FindAgainAsync(HttpContext http)
    {
        var (text, isSession, _) = Read(http);
        return text is null ? Task.FromResult<Principal?>(null)
            : isSession ? credentials.FindBySessionAsync(text, http.RequestAborted)
            : credentials.FindByKeyAsync(text, http.RequestAborted);
    }

    private static (KeyText? Text, bool IsSession, bool IsSent) Read(HttpContext http)
    {
        var authorization = http.Request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            // Whoever sends a key means it. A session beside it does not count, so that a wrong key is noticed.
            var key = authorization.Count == 1 && authorization.ToString() is var text
                && text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                ? KeyText.Parse(text[Bearer.Length..].Trim())
                : null;
            return (key, false, true);
        }

        var session = KeyText.Parse(SessionCookie.Read(http));
        return (session, true, session is not null);
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

    private static IResult TooManyWrites(HttpContext http, Principal principal, TimeSpan pause) => Problems.Busy(
        http, StatusCodes.Status429TooManyRequests, "too_many_writes",
        $"{principal.Name} has asked for more changes than {LimitOptions.Section}:{nameof(LimitOptions.WritesPerMinute)} allows. "
            + "Runs can be enqueued in batches; a batch counts as one.",
        pause);

    private static IResult TooManySearches(HttpContext http) => Problems.Busy(
        http, StatusCodes.Status429TooManyRequests, "too_many_searches",
        $"As many searches of {PrincipalOf(http).Name} run and wait as {LimitOptions.Section}:{nameof(LimitOptions.Searches)} allows.",
        TimeSpan.FromSeconds(1));
}
