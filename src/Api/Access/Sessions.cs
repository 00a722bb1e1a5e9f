using Fleet.Api.Contract;
using Fleet.Client;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api.Access;

/// <summary>Sessions of people: they sign in with a key once, and the browser keeps a cookie.</summary>
internal static class SessionsEndpoints
{
    private static readonly TextParameter Id = new("id", "The id of the session.")
    {
        Place = ParameterPlace.Path,
        MaxLength = 8,
        Example = "abcdefgh",
    };

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/sessions", SignInAsync).Declare(new("signIn", "Signs a person in with an API key.")
        {
            Permission = Permission.None,
            Bound = BoundAnswer.Everything,
            Description = "The answer sets a cookie that programs cannot read. The session may do what the key may, ends with it, and "
                + "after 12 hours without a request or 7 days.",
            Body = BodyContract.Of<SignInBody>($$"""{"key":"{{ExampleKey}}"}"""),
            Answers = [AnswerContract.Of<WhoAmIView>("The person is signed in.", StatusCodes.Status201Created)],
            Problems = ["missing_field", "unauthenticated", "access_off", "too_many_failed_sign_ins"],
        });
        api.MapGet("/sessions", ListAsync).Declare(new("listSessions", "Lists the caller's sessions; of an admin, those of all.")
        {
            Permission = Permission.Any,
            Answers = [AnswerContract.Of<Page<SessionView>>("The sessions, the newest first.")],
        });
        api.MapDelete("/sessions/current", SignOutAsync).Declare(new("signOut", "Ends the session of the request.")
        {
            Permission = Permission.Any,
            Bound = BoundAnswer.Everything,
            Answers =
            [
                AnswerContract.Empty("The session has ended, and the browser forgets the cookie."),
                AnswerContract.Of<SignedOutView>("The same; and the person is still signed in at the OIDC provider."),
            ],
            Problems = ["not_found"],
        });
        api.MapDelete("/sessions/{id}", EndAsync).Declare(new("endSession", "Ends a session: one of the caller's, or of an admin any.")
        {
            Permission = Permission.Any,
            Bound = BoundAnswer.Everything,
            Parameters = [Id],
            Answers = [AnswerContract.Empty("The session has ended.")],
            Problems = ["not_found"],
        });
    }

    /// <summary>Is well-formed and opens nothing.</summary>
    private const string ExampleKey = "flt_aaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static async Task<IResult> SignInAsync(
        HttpContext http, Credentials credentials, FailedSignIns signIns, AccessOptions options, SignIn signIn, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync<SignInBody>(http, ct);
        if (body.Key is null)
        {
            throw new InvalidRunException(
                new InputError("missing_field", "key", "key: it is missing; it is an API key.", null, "an API key"));
        }

        if (!options.IsOn)
            return Problems.Conflict("access_off", "Access is off: anyone may do anything, and nobody needs to sign in.");
        var (found, wait) = await signIns.FindAsync(http, KeyText.Parse(body.Key.Trim()), credentials.FindByKeyAsync);
        if (wait is not null)
            return FailedSignIns.Refuse(http, wait.Value);
        if (found is null)
            return Admission.Unauthenticated(http, "The API key is not known, was revoked, or has expired.");
        var person = found with { Kind = ActorKind.Person };
        http.Features.Set(person);
        var (text, session) = await signIn.ExecuteAsync(person, http.Request.Headers.UserAgent, Caller.Of(http), CancellationToken.None);
        SessionCookie.Set(http, text.Text, session.ExpiresAt);
        return Results.Json(
            WhoAmIEndpoints.Show(person with { SessionId = session.Id, ExpiresAt = session.ExpiresAt }), FleetJson.Payload,
            statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, GetSessions get, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        var sessions = await get.ListAsync(who.Role.May(Permission.Administer) ? null : who, ct);
        return Results.Json(
            new Page<SessionView> { Items = [.. sessions.Select(session => Show(session, who))] }, FleetJson.Payload);
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, SignIn signIn, IServiceProvider services)
    {
        var who = Admission.PrincipalOf(http);
        var id = who.SessionId;
        if (id is null || !await signIn.EndAsync(id, Caller.Of(http), CancellationToken.None))
            return Problems.NotFound("session", id ?? "current");
        SessionCookie.Delete(http);
        return who.Subject is not null && services.GetService<ProviderSignIn>() is { } provider
            && await provider.FindSignOutUrlAsync(http) is { } url
            ? Results.Json(new SignedOutView { ProviderUrl = url }, FleetJson.Payload)
            : Results.NoContent();
    }

    private static async Task<IResult> EndAsync(string id, HttpContext http, GetSessions get, SignIn signIn, CancellationToken ct)
    {
        var who = Admission.PrincipalOf(http);
        var own = who.Role.May(Permission.Administer) || (await get.ListAsync(who, ct)).Any(s => s.Id == id);
        return own && await signIn.EndAsync(id, Caller.Of(http), CancellationToken.None)
            ? Results.NoContent()
            : Problems.NotFound("session", id);
    }

    private static SessionView Show(Session session, Principal who) => new()
    {
        Id = session.Id,
        Name = session.Name,
        Role = session.Role,
        KeyId = session.KeyId,
        Subject = session.Subject,
        Address = session.Address,
        Agent = session.Agent,
        CreatedAt = session.CreatedAt,
        LastSeenAt = session.LastSeenAt,
        ExpiresAt = session.ExpiresAt,
        IsCurrent = session.Id == who.SessionId,
    };
}
