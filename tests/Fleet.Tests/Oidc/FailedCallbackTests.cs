using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Oidc;

/// <summary>Sign-ins at the provider that fail are counted and logged, if the browser has begun them.</summary>
public sealed class FailedCallbackTests
{
    private const string Canary = "words-of-somebody-else";

    private static readonly KeyValuePair<string, string?> AtMostTwo = new("Fleet:Api:Limits:FailedSignIns", "2");

    [Fact]
    public async Task Failures_OfSignInsBegunHere_AreCounted_AndTheProviderIsNotAskedAnyMore()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [.. provider.Settings(), AtMostTwo]);
        using var browser = new Browser(fleet.Http.BaseAddress!);
        await AssertAsync(
            HttpStatusCode.BadRequest, "sign_in_failed", await browser.GetAsync(await CallbackAsync(browser, "code=made-up")));
        await AssertAsync(
            HttpStatusCode.BadRequest, "sign_in_failed", await browser.GetAsync(await CallbackAsync(browser, "error=access_denied")));

        var answer = await browser.GetAsync(await CallbackAsync(browser, "code=made-up"));

        await AssertAsync(HttpStatusCode.TooManyRequests, "too_many_failed_sign_ins", answer);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Single(provider.Refused);
        // One limit for all ways in.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await OidcFleet.SendAsync(fleet.Http, KeyText.New().Text)).Status);
    }

    [Fact]
    public async Task Token_WithoutAUsableClaim_IsCounted()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Person = new() { ["sub"] = new string('u', 256), ["groups"] = "fleet-viewers" };
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [.. provider.Settings(), AtMostTwo]);
        using var browser = new Browser(fleet.Http.BaseAddress!);
        await AssertAsync(HttpStatusCode.Unauthorized, "unauthenticated", await browser.SignInAsync("/"));
        await AssertAsync(HttpStatusCode.Unauthorized, "unauthenticated", await browser.SignInAsync("/"));

        await AssertAsync(HttpStatusCode.TooManyRequests, "too_many_failed_sign_ins", await browser.SignInAsync("/"));
    }

    /// <summary>It says nothing about who has come.</summary>
    [Fact]
    public async Task Provider_ThatDoesNotAnswer_Is503_AndNotCounted()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.SaysOfItself["token_endpoint"] = $"http://127.0.0.1:{FreePort.Next()}/token";
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [.. provider.Settings(), AtMostTwo]);
        using var browser = new Browser(fleet.Http.BaseAddress!);

        for (var i = 0; i < 3; i++)
            await AssertAsync(HttpStatusCode.ServiceUnavailable, "provider_unavailable", await browser.SignInAsync("/"));
    }

    /// <summary>Whom the provider knows does not try to be somebody else.</summary>
    [Fact]
    public async Task Person_WithoutARole_IsNotCounted()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [.. provider.Settings(), AtMostTwo]);
        using var browser = new Browser(fleet.Http.BaseAddress!);

        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.SignInAsync("/")).StatusCode);
    }

    /// <summary>A page of somebody else has the browser of a visitor ask for the callback again and again: as a picture, in a frame, in a
    /// window that it has opened. The visitor still signs in.</summary>
    [Theory]
    [InlineData("no-cors", "image")]
    [InlineData("navigate", "iframe")]
    [InlineData("navigate", "document")]
    public async Task Failures_OfSignInsBegunElsewhere_AreNotCounted(string mode, string destination)
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Person = new() { ["sub"] = "u-1", ["groups"] = "fleet-viewers" };
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [.. provider.Settings(), AtMostTwo]);
        using var attacker = new Browser(fleet.Http.BaseAddress!);
        using var visitor = new Browser(fleet.Http.BaseAddress!);
        foreach (var path in new[]
        {
            "/sign-in/callback", "/sign-in/callback?code=x&state=y", "/sign-in/callback?error=access_denied&state=y",
            await CallbackAsync(attacker, "code=made-up"), await CallbackAsync(attacker, "error=access_denied"),
        })
        {
            var answer = await visitor.GetAsync(
                path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination));
            await AssertAsync(HttpStatusCode.BadRequest, "sign_in_failed", answer);
        }

        Assert.Equal(HttpStatusCode.Redirect, (await visitor.SignInAsync("/")).StatusCode);
    }

    /// <summary>What stands in the address, or in the answer of the provider, is said by others.</summary>
    [Fact]
    public async Task Log_HasTheKindOfTheFailure_AndNoWordsOfOthers()
    {
        var log = new LogRecorder { Least = LogLevel.Trace };
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(log.AddTo, provider.Settings());
        using var browser = new Browser(fleet.Http.BaseAddress!);

        await browser.GetAsync(await CallbackAsync(browser, $"error=access_denied&error_description={Canary}"));
        await browser.GetAsync(await CallbackAsync(browser, $"error={Canary}&error_description={Canary}&error_uri={Canary}"));
        await browser.GetAsync(await CallbackAsync(browser, "code=made-up"));
        await browser.GetAsync($"/sign-in/callback?error={Canary}&state={Canary}");
        await OidcFleet.SendAsync(fleet.Http, provider.Issue(("aud", Canary)));

        var failed = log.Warnings("A sign-in at the OIDC provider failed");
        Assert.Equal(
        [
            "A sign-in at the OIDC provider failed: OpenIdConnectProtocolException, access_denied.",
            "A sign-in at the OIDC provider failed: OpenIdConnectProtocolException.",
            "A sign-in at the OIDC provider failed: OpenIdConnectProtocolException, invalid_grant.",
        ], failed);
        var ours = log.Lines.Where(line => !line.Contains("/sign-in/callback?", StringComparison.Ordinal));
        Assert.DoesNotContain(ours, line => line.Contains(Canary, StringComparison.Ordinal));
        Assert.DoesNotContain(ours, line => line.Contains("the code is unknown or was used", StringComparison.Ordinal));
    }

    /// <summary>The callback of a sign-in that the browser has begun, with another answer of the provider.</summary>
    private static async Task<string> CallbackAsync(Browser browser, string answer)
    {
        var state = QueryHelpers.ParseQuery(new Uri(await browser.GoToProviderAsync()).Query)["state"].ToString();
        return $"/sign-in/callback?{answer}&state={Uri.EscapeDataString(state)}";
    }

    private static async Task AssertAsync(HttpStatusCode status, string code, HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal((status, code), (answer.StatusCode, JsonElement.Parse(text).GetProperty("code").GetString()));
    }
}
