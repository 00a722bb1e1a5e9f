using System.Net;
using System.Text.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.Oidc;

/// <summary>What becomes of the sessions of people when the settings of the provider change.</summary>
public sealed class SessionsOfProviderTests
{
    private static readonly string[] Admins = ["fleet-admins"];

    /// <summary>Whoever takes the provider out of the settings means that nobody whom it knows comes in any more.</summary>
    [Fact]
    public async Task Session_OfAProviderThatSignsNobodyInAnyMore_IsRefused()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Person = new() { ["sub"] = "u-1", ["groups"] = Admins };
        using var folder = new TempFolder();
        string session;
        await using (var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings(), folder: folder))
        {
            using var browser = new Browser(fleet.Http.BaseAddress!);
            Assert.Equal(HttpStatusCode.Redirect, (await browser.SignInAsync("/")).StatusCode);
            session = browser.Cookies.Single(c => c.Name.StartsWith("fleet-http-", StringComparison.Ordinal)).Value;
        }

        var ofTokensAlone = provider.Settings().Where(s => !s.Key.Contains(":Client", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (await AskAsync([new("Fleet:Api:Access", "on")], folder, session), await AskAsync(ofTokensAlone, folder, session),
                await AskAsync(provider.Settings(), folder, session)));
    }

    /// <summary>At many providers, people choose what they are called.</summary>
    [Fact]
    public async Task Person_WithTheNameOfAnother_OwnsNothingOfTheirs()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings());
        var owner = provider.Issue(("groups", "fleet-viewers"), ("sub", "u-1"), ("preferred_username", "alex"));
        var other = provider.Issue(("groups", "fleet-viewers"), ("sub", "u-2"), ("preferred_username", "alex"));
        using var put = new HttpRequestMessage(HttpMethod.Put, new Uri("/api/v1/views/own", UriKind.Relative));
        put.Headers.Authorization = new("Bearer", owner);
        put.Headers.TryAddWithoutValidation("If-None-Match", "*");
        put.Content = new StringContent("""{"query":"state:failed"}""", null, "application/json");
        var made = await fleet.Http.SendAsync(put);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());

        var (ofOwner, view, _) = await OidcFleet.SendAsync(fleet.Http, owner, "api/v1/views/own");
        var (ofOther, _, _) = await OidcFleet.SendAsync(fleet.Http, other, "api/v1/views/own");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (ofOwner, ofOther));
        Assert.Equal("u-1", JsonElement.Parse(view).GetProperty("owner").GetProperty("name").GetString());
    }

    private static async Task<HttpStatusCode> AskAsync(
        IEnumerable<KeyValuePair<string, string?>> settings, TempFolder folder, string session)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: settings, folder: folder);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/v1/whoami", UriKind.Relative));
        request.Headers.Add("Cookie", $"fleet-http-{fleet.Http.BaseAddress!.Port}={session}");
        using var answer = await fleet.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
