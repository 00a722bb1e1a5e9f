using System.Net;
using System.Text.RegularExpressions;
using Fleet.ApiDocs;
using Fleet.Core.Access;
using Fleet.Tests.Access;
using Fleet.Tests.Support;

namespace Fleet.Tests.Api;

/// <summary>The page that shows the OpenAPI document to people.</summary>
public sealed partial class DocsPageTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    [Fact]
    public async Task Page_AndAllItLoads_ComeFromTheServerItself()
    {
        var (status, _, html) = await access.SendAsync("GET", "/docs/", key: null);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain("//", html, StringComparison.Ordinal);
        var sources = Source().Matches(html).Select(m => m.Groups["src"].Value).ToList();
        Assert.Contains("scalar.js", sources);
        foreach (var source in sources)
        {
            var (answered, _, text) = await access.SendAsync("GET", "/docs/" + source, key: null);
            Assert.Equal((HttpStatusCode.OK, true), (answered, text.Length > 0));
        }
    }

    [Fact]
    public async Task Page_AsksNobodyElse()
    {
        var (_, _, html) = await access.SendAsync("GET", "/docs/", key: null);

        foreach (var off in new[]
        {
            "\"withDefaultFonts\":false", "\"telemetry\":false", "\"agent\":{\"disabled\":true}", "\"mcp\":{\"disabled\":true}",
            "\"showDeveloperTools\":\"never\"", "\"hideClientButton\":true", "\"url\":\"api/v1/openapi.json\"",
        })
            Assert.Contains(off, html, StringComparison.Ordinal);
        Assert.DoesNotContain("proxyUrl", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Page_Policy_AllowsTheServerAndItsOwnScriptsAlone()
    {
        var (_, first, html) = await access.SendAsync("GET", "/docs/", key: null);
        var (_, second, _) = await access.SendAsync("GET", "/docs/", key: null);

        var policy = Assert.Single(first.GetValues("Content-Security-Policy"));
        var nonce = Nonce().Match(policy).Groups["nonce"].Value;
        Assert.StartsWith($"default-src 'self'; script-src 'self' 'nonce-{nonce}'; ", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain('*', policy);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
        Assert.NotEqual(nonce, Nonce().Match(Assert.Single(second.GetValues("Content-Security-Policy"))).Groups["nonce"].Value);
        var scripts = Script().Matches(html).Select(m => WebUtility.HtmlDecode(m.Value)).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, s => Assert.Contains($"nonce=\"{nonce}\"", s, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OtherAnswers_KeepTheStrictPolicy()
    {
        foreach (var path in new[] { "/api/v1/openapi.json", "/docs/scalar.js", "/docs/a/b", "/problems" })
        {
            var (_, headers, _) = await access.SendAsync("GET", path, access.Key(Role.Admin));
            Assert.StartsWith(
                "default-src 'none'; ", Assert.Single(headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Document_BehindThePage_NeedsAKey()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", "/api/v1/openapi.json", key: null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/openapi.json", access.Key(Role.Viewer))).Status);
    }

    [Theory]
    [InlineData("evil.example")]
    public async Task Page_ForeignHost_Is400(string host) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await access.SendAsync("GET", "/docs/", null, null, ("Host", host))).Status);

    [Theory]
    [InlineData("/ops/fleet", "")]
    [InlineData("/ops/fleet", "/ops/fleet")]
    public async Task Page_BelowAPathBase_LoadsAllFromBelowIt(string setting, string sent)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(null, [new("Fleet:Api:PathBase", setting)]);

        var html = await fleet.Http.GetStringAsync(new Uri(sent + "/docs/", UriKind.Relative));
        using var withoutSlash = await fleet.Http.GetAsync(new Uri(sent + "/docs", UriKind.Relative));

        // The page takes this off its own address, and finds the document below the rest.
        Assert.Contains("'%2Fdocs%2F'", html, StringComparison.Ordinal);
        Assert.Equal(sent + "/docs/", withoutSlash.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.All(Source().Matches(html).Select(m => m.Groups["src"].Value), s => Assert.False(s.StartsWith('/'), s));
    }

    [Theory]
    [InlineData("off")]
    [InlineData("OFF")]
    [InlineData("")]
    public async Task Page_SettingOff_Is404(string setting)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new(DocsPage.Setting, setting)]);

        foreach (var path in new[] { "/docs", "/docs/", "/docs/scalar.js" })
        {
            using var answer = await fleet.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("true")]
    public async Task Start_SettingUnknown_IsRefused(string setting)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => EmbeddedFleet.StartAsync(settings: [new(DocsPage.Setting, setting)]));

        Assert.Equal($"Fleet:Api:Docs: '{setting}' is not allowed; allowed are on, off.", error.Message);
    }

    [GeneratedRegex(" src=\"(?<src>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Source();

    [GeneratedRegex("'nonce-(?<nonce>[A-Za-z0-9+/=]{22,})'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Nonce();

    [GeneratedRegex("<script[^>]*>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Script();
}
