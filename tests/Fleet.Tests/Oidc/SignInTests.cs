using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Oidc;

/// <summary>A person signs in at the provider: by a code with PKCE, over HTTP, with a browser that keeps cookies.</summary>
public sealed class SignInTests(OidcFleet oidc) : IClassFixture<OidcFleet>, IDisposable
{
    private readonly Browser _browser = new(oidc.Fleet.Http.BaseAddress!);

    public void Dispose()
    {
        _browser.Dispose();
        (oidc.Provider.Spoil, oidc.Provider.TokenStatus) = (null, null);
        oidc.Provider.Person = new() { ["sub"] = "u-1", ["preferred_username"] = "alex" };
    }

    [Fact]
    public async Task SignIn_ByCode_OpensASessionOfOurOwn()
    {
        Be("fleet-admins");

        var answer = await _browser.SignInAsync("/docs?a=b");

        Assert.Equal((HttpStatusCode.Redirect, "/docs?a=b"), (answer.StatusCode, answer.Headers.Location!.OriginalString));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("fleet-http-", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        var who = await _browser.WhoAmIAsync();
        Assert.Equal(("u-1", "person", "admin", "oidc", "u-1"), (
            who.GetProperty("name").GetString(), who.GetProperty("kind").GetString(), who.GetProperty("role").GetString(),
            who.GetProperty("provenBy").GetString(), who.GetProperty("subject").GetString()));
        var session = await FindSessionAsync(who.GetProperty("sessionId").GetString()!);
        Assert.Equal(("u-1", 12), (session.Subject, Math.Round((session.ExpiresAt - session.CreatedAt).TotalHours, 2)));
        // Only the session is left in the browser.
        Assert.Equal([cookie.Split('=')[0]], _browser.CookieNames);
        var entry = await oidc.Fleet.Storage.Read().Audit.SingleAsync(e => e.Action == "session.create" && e.Target == session.Id);
        Assert.Equal(("u-1", "page", "u-1"), (entry.Subject, entry.Way, entry.By.Name));
    }

    [Fact]
    public async Task SignIn_CookiesOfTheFlow_AreForThisServerAlone_AndLax()
    {
        var answer = await _browser.GetAsync("/sign-in");

        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie =>
        {
            Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/sign-in/callback", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task SignIn_BehindAProxy_IsByHttps_BelowItsPath()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings:
        [
            .. provider.Settings(), new("Fleet:Api:PathBase", "/ops"), new("Fleet:Api:Hosts", "fleet.example.com"),
            new("Fleet:Api:Proxies", "127.0.0.1"),
        ]);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(fleet.Http.BaseAddress!, "ops/sign-in"));
        request.Headers.Host = "fleet.example.com";
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");

        var answer = await http.SendAsync(request);

        var query = QueryHelpers.ParseQuery(answer.Headers.Location!.Query);
        Assert.Equal("https://fleet.example.com/ops/sign-in/callback", query["redirect_uri"]);
        Assert.All(answer.Headers.GetValues("Set-Cookie"), cookie =>
        {
            Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/ops/sign-in/callback", cookie, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("/%09//evil.example\t")]
    [InlineData("javascript:alert(1)")]
    [InlineData("docs")]
    [InlineData("")]
    [InlineData(" /docs")]
    [InlineData("/docs\r\nSet-Cookie: a=b")]
    public async Task ReturnUrl_ThatIsNotOfThisServer_IsRefused(string url)
    {
        var answer = await _browser.GetAsync("/sign-in?returnUrl=" + Uri.EscapeDataString(url));

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_return_url"), (answer.StatusCode, await CodeAsync(answer)));
    }

    [Theory]
    [InlineData("/sign-in?returnUrl=/a&returnUrl=/b", "invalid_return_url")]
    [InlineData("/sign-in?next=/a", "unknown_parameter")]
    public async Task SignIn_WithAWrongQuery_IsRefused(string path, string code)
    {
        var answer = await _browser.GetAsync(path);

        Assert.Equal((HttpStatusCode.BadRequest, code), (answer.StatusCode, await CodeAsync(answer)));
    }

    [Fact]
    public async Task State_OfAnotherBrowser_SignsNobodyIn()
    {
        Be("fleet-admins");
        using var attacker = new Browser(oidc.Fleet.Http.BaseAddress!);
        var callback = await attacker.GoToProviderAsync();

        await AssertRefusedAsync(await _browser.GetAsync(callback), "It was not begun in this browser");
    }

    [Theory]
    [InlineData("/sign-in/callback")]
    [InlineData("/sign-in/callback?code=x")]
    [InlineData("/sign-in/callback?code=x&state=y")]
    [InlineData("/sign-in/callback?state=y")]
    [InlineData("/sign-in/callback?error=<script>&state=y")]
    [InlineData("/sign-in/callback?code=%00&state=%00")]
    public async Task Callback_ThatNobodyHasAskedFor_SignsNobodyIn(string path) =>
        await AssertRefusedAsync(await _browser.GetAsync(path), "It was not begun in this browser");

    [Fact]
    public async Task Callback_WithTheProvidersRefusal_SaysIt()
    {
        var callback = await _browser.GoToProviderAsync();
        var state = QueryHelpers.ParseQuery(new Uri(callback).Query)["state"].ToString();

        var answer = await _browser.GetAsync($"/sign-in/callback?error=access_denied&state={Uri.EscapeDataString(state)}");

        await AssertRefusedAsync(answer, "The provider has refused it: access_denied.");
    }

    [Fact]
    public async Task Code_ThatWasUsed_SignsNobodyIn()
    {
        Be("fleet-admins");
        var callback = await _browser.GoToProviderAsync();
        var cookies = _browser.Cookies;
        Assert.Equal(HttpStatusCode.Redirect, (await _browser.GetAsync(callback)).StatusCode);

        // The cookies of the sign-in are gone; then whoever has kept them.
        using var thief = new Browser(oidc.Fleet.Http.BaseAddress!);
        await AssertRefusedAsync(await _browser.GetAsync(callback), "It was not begun in this browser");
        thief.Cookies = cookies;
        await AssertRefusedAsync(await thief.GetAsync(callback), "ended already");
        Assert.Contains("the code is unknown or was used", oidc.Provider.Refused);
    }

    [Fact]
    public async Task Code_OfAnotherSignIn_IsRefused_ByTheVerifier()
    {
        Be("fleet-admins");
        using var other = new Browser(oidc.Fleet.Http.BaseAddress!);
        var code = QueryHelpers.ParseQuery(new Uri(await other.GoToProviderAsync()).Query)["code"].ToString();
        var state = QueryHelpers.ParseQuery(new Uri(await _browser.GoToProviderAsync()).Query)["state"].ToString();

        var answer = await _browser.GetAsync($"/sign-in/callback?code={code}&state={Uri.EscapeDataString(state)}");

        await AssertRefusedAsync(answer, "");
        Assert.Contains("another verifier", oidc.Provider.Refused);
    }

    [Theory]
    [InlineData("nonce", "another", "belongs to another sign-in")]
    [InlineData("nonce", null, "")]
    [InlineData("aud", "fleet", "it is for another audience.")]
    [InlineData("iss", "http://127.0.0.1:1", "it was issued by somebody else.")]
    [InlineData("exp", 1_000_000_000, "it has expired.")]
    [InlineData("sub", null, "")]
    public async Task IdToken_ThatIsWrong_SignsNobodyIn(string claim, object? value, string reason)
    {
        Be("fleet-admins");
        oidc.Provider.Spoil = claims =>
        {
            if (claim == "exp")
                claims["nbf"] = 999_999_999;
            if (value is null)
                claims.Remove(claim);
            else
                claims[claim] = value;
        };

        await AssertRefusedAsync(await _browser.SignInAsync("/"), reason);
    }

    [Fact]
    public async Task TokenEndpoint_Broken_IsToldWithoutA500()
    {
        oidc.Provider.TokenStatus = 500;

        var answer = await _browser.SignInAsync("/");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("the provider is at fault", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Person_WithoutARole_HasNoSession()
    {
        Be("Fleet-Admins");

        var answer = await _browser.SignInAsync("/");

        Assert.Equal((HttpStatusCode.Forbidden, "no_role"), (answer.StatusCode, await CodeAsync(answer)));
        Assert.DoesNotContain(_browser.CookieNames, name => name.StartsWith("fleet-http-", StringComparison.Ordinal));
    }

    /// <summary>The provider is not asked again while a session lasts, so it is short; an admin ends it at once.</summary>
    [Fact]
    public async Task Person_WhoseRoleIsLost_KeepsItInTheSession_UntilSomebodyEndsIt()
    {
        Be("fleet-viewers");
        await _browser.SignInAsync("/");
        var session = (await _browser.WhoAmIAsync()).GetProperty("sessionId").GetString()!;
        Be("none");
        Assert.Equal("viewer", (await _browser.WhoAmIAsync()).GetProperty("role").GetString());

        var admin = oidc.Provider.Issue(("groups", "fleet-admins"), ("sub", "u-2"));
        var (ended, _, _) = await oidc.SendAsync(admin, $"api/v1/sessions/{session}", "DELETE");

        Assert.Equal(HttpStatusCode.NoContent, ended);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.GetAsync("/api/v1/whoami")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await _browser.SignInAsync("/")).StatusCode);
    }

    [Fact]
    public async Task Session_EndsAfterItsLife_HoweverOftenItIsUsed()
    {
        Be("fleet-viewers");
        await _browser.SignInAsync("/");
        var session = (await _browser.WhoAmIAsync()).GetProperty("sessionId").GetString()!;

        await oidc.Fleet.Storage.WriteAsync(
            s => s.Db.Sessions.Where(r => r.Id == session).ExecuteUpdateAsync(
                set => set.SetProperty(r => r.ExpiresAt, TimeProvider.System.GetUtcNow())),
            CancellationToken.None);
        oidc.Fleet.Services.GetRequiredService<Credentials>().Forget();

        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.GetAsync("/api/v1/whoami")).StatusCode);
    }

    [Fact]
    public async Task SignOut_EndsTheSession_AndNamesThePageOfTheProvider()
    {
        Be("fleet-viewers");
        await _browser.SignInAsync("/");

        var answer = await _browser.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current");

        var url = new Uri(JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("providerUrl").GetString()!);
        var query = QueryHelpers.ParseQuery(url.Query);
        Assert.Equal(oidc.Provider.Issuer + "/logout", url.GetLeftPart(UriPartial.Path));
        Assert.Equal(TestProvider.Client, query["client_id"]);
        Assert.Equal(oidc.Fleet.Http.BaseAddress!.AbsoluteUri, query["post_logout_redirect_uri"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _browser.GetAsync("/api/v1/whoami")).StatusCode);
    }

    /// <summary>The person is signed out here, which was asked.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SignOut_ProviderHasNoSuchPageOrIsAway_EndsTheSessionAlone(bool isAway)
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Person = new() { ["sub"] = "u-1", ["groups"] = "fleet-viewers" };
        if (!isAway)
            provider.SaysOfItself["end_session_endpoint"] = null;
        using var folder = new TempFolder();
        string session;
        await using (var before = await EmbeddedFleet.StartAsync(settings: provider.Settings(), folder: folder))
        {
            using var browser = new Browser(before.Http.BaseAddress!);
            await browser.SignInAsync("/");
            session = browser.Cookies.Single(c => c.Name.StartsWith("fleet-http-", StringComparison.Ordinal)).Value;
        }

        if (isAway)
            await provider.StopAsync();
        // It has not read what the provider says of itself.
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings(), folder: folder);
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri("/api/v1/sessions/current", UriKind.Relative));
        request.Headers.Add("Cookie", $"fleet-http-{fleet.Http.BaseAddress!.Port}={session}");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");

        var answer = await fleet.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task SignIn_AccessIsOff_IsRefused()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(
            settings: [.. oidc.Provider.Settings().Where(s => s.Key != "Fleet:Api:Access"), new("Fleet:Api:Access", "off")]);
        using var browser = new Browser(fleet.Http.BaseAddress!);

        foreach (var path in new[] { "/sign-in", "/sign-in/callback?code=x&state=y" })
        {
            var answer = await browser.GetAsync(path);
            Assert.Equal((HttpStatusCode.Conflict, "access_off"), (answer.StatusCode, await CodeAsync(answer)));
        }
    }

    /// <summary>A provider may give people names that are names of keys, too.</summary>
    [Fact]
    public async Task Sessions_OfAKeyWithTheSameName_AreNotTheirs()
    {
        var key = await oidc.Fleet.Services.GetRequiredService<CreateKeys>().ExecuteAsync(
            new("u-1", "viewer"), Somebody.Me, dryRun: false, CancellationToken.None);
        var (_, other) = await oidc.Fleet.Services.GetRequiredService<SignIn>().ExecuteAsync(
            new Principal("u-1", Fleet.Core.Actors.ActorKind.Person, Role.Viewer) { KeyId = key.Key.Id }, null, Somebody.Me,
            CancellationToken.None);
        Be("fleet-viewers");
        await _browser.SignInAsync("/");

        var list = await (await _browser.GetAsync("/api/v1/sessions")).Content.ReadAsStringAsync();
        var end = await _browser.SendAsync(HttpMethod.Delete, $"/api/v1/sessions/{other.Id}");

        Assert.DoesNotContain(other.Id, list, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, end.StatusCode);
    }

    [Fact]
    public async Task Unauthenticated_NamesThePageForSigningIn()
    {
        var answer = await _browser.GetAsync("/api/v1/runs");

        Assert.Equal("/sign-in", JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("signIn").GetString());
    }

    private void Be(string group) => oidc.Provider.Person =
        new() { ["sub"] = "u-1", ["preferred_username"] = "alex", ["groups"] = new[] { group } };

    private async Task<Core.Storage.Rows.Session> FindSessionAsync(string id)
    {
        await using var db = oidc.Fleet.Storage.Read();
        return await db.Sessions.SingleAsync(s => s.Id == id);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string reason)
    {
        Assert.Equal((HttpStatusCode.BadRequest, "sign_in_failed"), (answer.StatusCode, await CodeAsync(answer)));
        var detail = JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("detail").GetString()!;
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotContain(
            answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [],
            cookie => cookie.StartsWith("fleet-http-", StringComparison.Ordinal));
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("code").GetString();
}
