using System.Globalization;
using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Fleet.Api.Access;

/// <summary>Lets a request through to its endpoint, or refuses it: 401 when it does not say who makes it, 403 when they may not.</summary>
internal sealed class Admission(
    Credentials credentials, FailedSignIns signIns, CallerLimits limits, AccessOptions options, OpenAccess open, BoundAccess bound,
    TimeProvider time, IProviderAccess? provider = null)
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
    public async Task<Principal?> FindAsync(HttpContext http) => options.IsOn ? (await FindCallerAsync(http)).Who : Open();

    /// <summary>Watches whether the caller of a request that goes on for long is still admitted.</summary>
    public AdmissionWatch Watch(HttpContext http) => new(
        PrincipalOf(http) is { IsProven: true } who && (who.KeyId ?? who.SessionId ?? who.Subject) is not null ? LookAgain(http) : null,
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
        var caller = access.Kind switch
        {
            AccessKind.Anonymous => new(Open()),
            AccessKind.Keys => await FindCallerAsync(http),
            _ => new FoundCaller(Translate(http, access)),
        };
        if (caller.Wait is { } wait)
            return FailedSignIns.Refuse(http, wait);
        if (caller.Who is not { } principal)
            return Unknown(http, access, caller.Answer);
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

    private async Task<FoundCaller> FindCallerAsync(HttpContext http)
    {
        if (IsToken(http))
            return await FindByTokenAsync(http);
        var (text, isSession, isSent) = Read(http);
        if (!isSent)
            return default;
        var result = await signIns.FindAsync(http, text, isSession ? FindBySessionAsync : credentials.FindByKeyAsync);
        // A cookie that opens nothing is of no use in the browser either.
        if (isSession && result is { Who: null, Wait: null } && !http.Response.HasStarted)
            SessionCookie.Delete(http);
        return new(result.Who, result.Wait);
    }

    private async Task<FoundCaller> FindByTokenAsync(HttpContext http)
    {
        ProviderAnswer answer;
        try
        {
            answer = await provider!.FindByTokenAsync(http);
        }
        catch (ProviderException e)
        {
            return new(null) { Answer = new(null, "provider_unavailable", e.Message) };
        }

        // Checking a token asks nobody, so one that is valid is let in whatever was sent before it.
        var wait = answer.Code == "unauthenticated" ? signIns.CountToken(http) : null;
        return new(answer.Who, wait) { Answer = answer };
    }

    /// <summary>A session that the provider has opened ends with its settings: whoever takes them away means that nobody whom it knows
    /// comes in.</summary>
    private async Task<Principal?> FindBySessionAsync(KeyText text, CancellationToken ct)
    {
        var who = await credentials.FindBySessionAsync(text, ct);
        return who is { Subject: not null } && provider is not { SignsIn: true } ? null : who;
    }

    /// <summary>How to look again at the credential of a request that was let in already: if it would not be now, that is no attempt to
    /// get in. The request is read here and not later, because the look runs beside it.</summary>
    private Func<CancellationToken, Task<bool>> LookAgain(HttpContext http)
    {
        if (IsToken(http))
        {
            var token = http.Request.Headers.Authorization;
            return async ct => (await provider!.FindByTokenAsync(WithToken(token, ct))).Who is not null;
        }

        var (text, isSession, _) = Read(http);
        return async ct => text is not null
            && (isSession ? await FindBySessionAsync(text, ct) : await credentials.FindByKeyAsync(text, ct)) is not null;
    }

    /// <summary>A request of its own for each look: the handler of tokens writes into it, and the caller's belongs to another
    /// thread.</summary>
    private static DefaultHttpContext WithToken(StringValues authorization, CancellationToken ct) => new()
    {
        Request = { Headers = { Authorization = authorization } },
        RequestAborted = ct,
    };

    /// <summary>Whether the request has a token of a provider. It has three parts with dots between them; a key has no dot.</summary>
    private bool IsToken(HttpContext http) => provider is not null
        && http.Request.Headers.Authorization is [{ } text] && text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
        && text.Contains('.', StringComparison.Ordinal);

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

    private IResult Unknown(HttpContext http, EndpointAccess access, ProviderAnswer? answer)
    {
        if (access.Kind == AccessKind.Policy)
        {
            return Problems.Make(
                StatusCodes.Status403Forbidden, "no_role", "The program around Fleet gives you no role in Fleet.");
        }

        switch (answer)
        {
            case { Code: "provider_unavailable", Reason: { } away }:
                return ProviderSignIn.Unavailable(http, away);
            case { Code: "no_role", Reason: { } roleless }:
                return Problems.Make(StatusCodes.Status403Forbidden, "no_role", roleless);
            case { Reason: { } reason }:
                return Unauthenticated(http, reason, ", error=\"invalid_token\"");
        }

        if (http.Request.Headers.Authorization.Count > 0)
        {
            return Unauthenticated(
                http, "The API key is not known, was revoked, or has expired. It is sent as 'Authorization: Bearer flt_…'.");
        }

        var signIn = provider is { SignsIn: true } ? Problems.BaseOf(http.Request) + ProviderSignIn.Path : null;
        return Unauthenticated(
            http,
            "Say who you are: send an API key as 'Authorization: Bearer flt_…', or sign in"
                + (signIn is null ? ". " : $" at {signIn}. ") + "'fleet key create' makes a key.",
            signIn: signIn);
    }

    /// <summary>The answer to somebody who is not known.</summary>
    /// <param name="http">The request.</param>
    /// <param name="message">Why, in a sentence.</param>
    /// <param name="error">What the header says beside the realm.</param>
    /// <param name="signIn">Where a browser signs in.</param>
    public static IResult Unauthenticated(HttpContext http, string message, string error = "", string? signIn = null)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"fleet\"" + error;
        var problem = Problems.Details(StatusCodes.Status401Unauthorized, "unauthenticated", message);
        if (signIn is not null)
            problem.Extensions["signIn"] = signIn;
        return Problems.Show(problem);
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

    /// <summary>Who makes a request.</summary>
    /// <param name="Who">Null for nobody who is let in.</param>
    /// <param name="Wait">Set if the credential was not looked at: how long to wait.</param>
    private readonly record struct FoundCaller(Principal? Who, TimeSpan? Wait = null)
    {
        /// <summary>What the provider said, if there was a token of one.</summary>
        public ProviderAnswer? Answer { get; init; }
    }
}
