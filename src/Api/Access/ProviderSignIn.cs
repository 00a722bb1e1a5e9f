using Fleet.Api.Contract;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api.Access;

/// <summary>The two pages by which a person signs in at the OIDC provider: the way there, and the way back. They are no part of the API: a
/// browser goes there itself.</summary>
internal sealed class ProviderSignIn(
    IProviderAccess provider, SignIn signIn, FailedSignIns failed, AccessOptions options, OpenAccess open, ExceptionProblems problems,
    TimeProvider time)
{
    /// <summary>The way there, below the path at which Fleet is mapped.</summary>
    public const string Path = "/sign-in";

    private const string ReturnUrl = "returnUrl";
    private const int MaxReturnUrl = 2000;
    private const string AllowedReturnUrl = "a path of this server, such as /docs";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        if (!provider.SignsIn)
            return;
        // Whoever comes here is not known yet.
        endpoints.MapGet(Path, http => AnswerAsync(http, Path, BeginAsync)).ExcludeFromDescription().AllowAnonymous();
        endpoints.MapGet(IProviderAccess.CallbackPath, http => AnswerAsync(http, IProviderAccess.CallbackPath, EndAsync))
            .ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>Whether a browser stays on this server when it goes there.</summary>
    public static bool IsLocal(string url) => url.Length <= MaxReturnUrl && url.StartsWith('/')
        // Browsers take '//host', and '\' for '/', and skip control characters.
        && !url.StartsWith("//", StringComparison.Ordinal) && !url.Contains('\\', StringComparison.Ordinal)
        && url.All(c => c is > ' ' and <= '~');

    /// <summary>Where a browser that has signed out here signs out at the provider, too. Null for nowhere.</summary>
    public async Task<string?> FindSignOutUrlAsync(HttpContext http)
    {
        var root = Problems.BaseOf(http.Request);
        return await provider.FindSignOutUrlAsync($"{http.Request.Scheme}://{http.Request.Host.ToUriComponent()}{root}/");
    }

    private Task AnswerAsync(HttpContext http, string path, Func<HttpContext, Task<IResult?>> answer) => problems.InvokeAsync(
        http,
        async request =>
        {
            if (!open.IsBehindGate)
                SecurityHeaders.Add(request.Response);
            MoveBase(request.Request, path);
            if (await FindAnswerAsync(request, answer) is { } result)
                await result.ExecuteAsync(request);
        });

    private async Task<IResult?> FindAnswerAsync(HttpContext http, Func<HttpContext, Task<IResult?>> answer)
    {
        if (!options.IsOn)
            return Problems.Conflict("access_off", "Access is off: anyone may do anything, and nobody needs to sign in.");
        try
        {
            return await answer(http);
        }
        catch (ProviderException e)
        {
            return Unavailable(http, e.Message);
        }
    }

    /// <summary>The answer while the provider cannot be asked.</summary>
    public static IResult Unavailable(HttpContext http, string reason) => Problems.Busy(
        http, StatusCodes.Status503ServiceUnavailable, "provider_unavailable", reason, TimeSpan.FromSeconds(5));

    private async Task<IResult?> BeginAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (query.Keys.FirstOrDefault(name => name != ReturnUrl) is { } unknown)
            return Problems.Refused(RunRules.Invalid("unknown_parameter", unknown, unknown, ReturnUrl));
        var given = query[ReturnUrl];
        var url = given.Count == 0 ? http.Request.PathBase.ToUriComponent() + "/" : given.ToString();
        if (given.Count > 1 || !IsLocal(url))
            return Problems.Refused(RunRules.Invalid("invalid_return_url", ReturnUrl, url, AllowedReturnUrl));
        await provider.BeginSignInAsync(http, url);
        return null;
    }

    private async Task<IResult?> EndAsync(HttpContext http)
    {
        if (failed.FindWait(http) is { } wait)
            return FailedSignIns.Refuse(http, wait);
        var answer = await provider.EndSignInAsync(http);
        if (answer.Who is not { } who)
        {
            Count(http, answer);
            return Problems.Make(ProblemCode.StatusOf(answer.Code!), answer.Code!, answer.Reason!);
        }

        var person = who with { Kind = ActorKind.Person, ExpiresAt = time.GetUtcNow() + provider.SessionLife };
        http.Features.Set(person);
        var by = Caller.Of(http);
        by = by with { Via = by.Via! with { Way = Way.Page } };
        var (text, session) = await signIn.ExecuteAsync(person, http.Request.Headers.UserAgent, by, CancellationToken.None);
        SessionCookie.Set(http, text.Text, session.ExpiresAt);
        return Results.LocalRedirect(answer.ReturnUrl is { } url && IsLocal(url) ? url : "/");
    }

    /// <summary>Counts a sign-in that failed, if this browser has begun it. A page of another site can send the browsers of its visitors
    /// here as often as it likes, and would use up their limit. <c>Sec-Fetch-Mode</c> does not tell: frames navigate, too, and so do
    /// windows that the page has opened. But the page does not know a state that belongs to a cookie of the visitor. What comes with any
    /// other state costs nothing: the provider is not asked.</summary>
    private void Count(HttpContext http, ProviderAnswer answer)
    {
        // Whoever has no role is known, and does not try to be somebody else.
        if (answer is { WasBegunHere: true, Code: not "no_role" })
            failed.CountSignIn(http);
    }

    /// <summary>What is in front of the path is a base, as behind a proxy. The URLs that the provider gets have it.</summary>
    private static void MoveBase(HttpRequest request, string path)
    {
        var front = (request.Path.Value ?? "").TrimEnd('/')[..^path.Length];
        (request.PathBase, request.Path) = (request.PathBase + new PathString(front), new PathString(path));
    }
}
