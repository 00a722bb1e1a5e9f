using System.Net;
using System.Text.Json;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>Sessions of people.</summary>
public sealed class SessionsTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private static readonly (string, string) SameSite = ("Sec-Fetch-Site", "same-origin");

    [Fact]
    public async Task SignIn_SetsACookie_ThatMayDoWhatTheKeyMay()
    {
        var (cookie, header) = await SignInAsync(Role.Operator);

        Assert.Contains("httponly", header, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", header, StringComparison.OrdinalIgnoreCase);
        var (status, _, text) = await access.SendAsync("GET", "/api/v1/whoami", key: null, headers: ("Cookie", cookie));
        var who = JsonElement.Parse(text);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("person", "operator"), (who.GetProperty("kind").GetString(), who.GetProperty("role").GetString()));
        Assert.Equal(
            HttpStatusCode.OK,
            (await access.SendAsync("POST", "/api/v1/lanes/mail/pause", null, "{}", ("Cookie", cookie), SameSite)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await access.SendAsync("GET", "/api/v1/keys", null, headers: ("Cookie", cookie))).Status);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("X-Nothing", "a browser that says nothing, or no browser at all")]
    public async Task Change_WithACookie_NotFromOurOwnPage_IsRefused(string name, string value)
    {
        var (cookie, _) = await SignInAsync(Role.Admin);
        var before = await access.Fleet.Storage.ReadTablesAsync();

        foreach (var route in Route.All(access.Fleet).Where(r => r.Method != "GET"))
        {
            // It does not look at the cookie. Every browser says with a POST where it comes from.
            if (route.Contract.Permission == Permission.None && name == "X-Nothing")
                continue;
            var (status, _, text) = await access.SendAsync(route.Method, route.Path, null, route.Body, ("Cookie", cookie), (name, value));
            Assert.True(
                status == HttpStatusCode.Forbidden && text.Contains("cross_site", StringComparison.Ordinal), $"{route}: {status} {text}");
        }

        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    [Fact]
    public async Task SignOut_EndsTheSession()
    {
        var (cookie, _) = await SignInAsync(Role.Viewer);

        var (status, headers, _) = await access.SendAsync("DELETE", "/api/v1/sessions/current", null, null, ("Cookie", cookie), SameSite);

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Contains("expires=Thu, 01 Jan 1970", headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await access.SendAsync("GET", "/api/v1/runs", null, headers: ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task Session_OfAKeyThatIsRevoked_EndsWithIt()
    {
        var key = await access.CreateAsync(Role.Viewer);
        var (cookie, _) = await SignInAsync(key.Text.Text);

        await access.SendAsync("POST", $"/api/v1/keys/{key.Key.Id}/revoke", access.Key(Role.Admin), "{}");

        Assert.Equal(
            HttpStatusCode.Unauthorized, (await access.SendAsync("GET", "/api/v1/runs", null, headers: ("Cookie", cookie))).Status);
    }

    /// <summary>The session ends, its key is revoked, or another process does either: the next request is refused, and what is open
    /// ends.</summary>
    [Theory]
    [InlineData("sign out", false)]
    [InlineData("revoke", false)]
    [InlineData("sign out", true)]
    [InlineData("revoke", true)]
    public async Task End_EndsTheOpenStreams_AndTheNextRequestIsRefused(string how, bool inAnotherProcess)
    {
        var key = await access.CreateAsync(Role.Viewer);
        var (cookie, _) = await SignInAsync(key.Text.Text);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(access.Fleet.Http.BaseAddress!, "/api/v1/events"));
        request.Headers.Add("Cookie", cookie);
        using var response = await access.Raw.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var stream = await response.Content.ReadAsStreamAsync();

        // This server does not hear of it: it finds it in the database.
        if (inAnotherProcess)
        {
            await access.Fleet.Storage.WriteAsync(
                s => how == "revoke"
                    ? s.Db.ApiKeys.Where(k => k.Id == key.Key.Id).ExecuteUpdateAsync(
                        set => set.SetProperty(k => k.RevokedAt, TimeProvider.System.GetUtcNow()))
                    : s.Db.Sessions.Where(x => x.KeyId == key.Key.Id).ExecuteDeleteAsync(),
                CancellationToken.None);
        }
        else if (how == "revoke")
            await access.SendAsync("POST", $"/api/v1/keys/{key.Key.Id}/revoke", access.Key(Role.Admin), "{}");
        else
            await access.SendAsync("DELETE", "/api/v1/sessions/current", null, null, ("Cookie", cookie), SameSite);

        var end = Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null));
        await end.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await access.SendAsync("GET", "/api/v1/runs", null, headers: ("Cookie", cookie))).Status);
    }

    /// <summary>What was read just before is believed for a while, and a stream is looked at once in a while.</summary>
    [Fact]
    public void Streams_EndWithinFiveSeconds() => Assert.True(Credentials.FreshFor + AdmissionWatch.Pause <= TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("flt_aaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("%00")]
    public async Task Cookie_ThatOpensNothing_Is401(string value)
    {
        var name = $"fleet-http-{access.Fleet.Http.BaseAddress!.Port}";

        var (status, _, _) = await access.SendAsync("GET", "/api/v1/runs", null, headers: ("Cookie", $"{name}={value}"));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task List_OfAPerson_HasTheirOwnAlone_AndNobodyElseEndsThem()
    {
        var (viewer, _) = await SignInAsync(Role.Viewer);
        await SignInAsync(Role.Operator);
        await using var db = access.Fleet.Storage.Read();
        var other = (await db.Sessions.FirstAsync(s => s.Name == "the operator")).Id;

        var (_, _, text) = await access.SendAsync("GET", "/api/v1/sessions", null, headers: ("Cookie", viewer));
        var (refused, _, _) = await access.SendAsync("DELETE", $"/api/v1/sessions/{other}", null, null, ("Cookie", viewer), SameSite);
        var (ended, _, _) = await access.SendAsync("DELETE", $"/api/v1/sessions/{other}", access.Key(Role.Admin));

        Assert.All(
            JsonElement.Parse(text).GetProperty("items").EnumerateArray(),
            session => Assert.Equal("the viewer", session.GetProperty("name").GetString()));
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NoContent), (refused, ended));
    }

    private Task<(string Cookie, string Header)> SignInAsync(Role role) => SignInAsync(access.Key(role));

    private async Task<(string Cookie, string Header)> SignInAsync(string key)
    {
        var (status, headers, text) = await access.SendAsync("POST", "/api/v1/sessions", null, $$"""{"key":"{{key}}"}""", SameSite);
        Assert.True(status == HttpStatusCode.Created, text);
        var header = headers.GetValues("Set-Cookie").Single();
        return (header.Split(';')[0], header);
    }
}
