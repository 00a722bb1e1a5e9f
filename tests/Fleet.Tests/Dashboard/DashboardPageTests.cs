using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using Fleet.Dashboard;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Dashboard;

/// <summary>How the page is served: where it finds its files and the API, compressed, with a strict policy, without data of its
/// own.</summary>
public sealed partial class DashboardPageTests : IDisposable
{
    private const int MostScript = 90 * 1024;
    private const int MostStyle = 12 * 1024;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Page_Compressed_FitsIntoItsBudget()
    {
        Assert.True(Sum(".js") <= MostScript, $"The scripts have {Sum(".js")} bytes (brotli); at most {MostScript} are meant.");
        Assert.True(Sum(".css") <= MostStyle, $"The styles have {Sum(".css")} bytes (brotli); at most {MostStyle} are meant.");

        static int Sum(string ending) =>
            WebFiles.All.Where(f => f.Key.EndsWith(ending, StringComparison.Ordinal)).Sum(f => f.Value.Brotli!.Length);
    }

    [Theory]
    [InlineData("", "/", "/")]
    [InlineData("", "/runs/019a/x", "/")]
    [InlineData("/fleet", "/fleet", "/fleet/")]
    [InlineData("/fleet", "/fleet/", "/fleet/")]
    [InlineData("/fleet", "/fleet/dead-letters", "/fleet/")]
    [InlineData("/a/b", "/a/b/schedules/x", "/a/b/")]
    public async Task Page_MappedBelowAPath_FindsItsFilesAndTheApiThere(string mapped, string asked, string @base)
    {
        await using var app = await StartAsync(app => app.MapFleet(mapped).RequireFleetKeys());
        using var http = app.GetTestClient();

        var html = await http.GetStringAsync(asked);

        Assert.Contains($"<base href=\"{@base}\"", html, StringComparison.Ordinal);
        foreach (Match link in Links().Matches(html))
        {
            var answer = await http.GetAsync(new Uri(new Uri(http.BaseAddress!, @base), link.Groups["path"].Value));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.True(Links().Count(html) >= 3);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync($"{@base}api/v1/whoami")).StatusCode);
    }

    [Fact]
    public async Task Page_BehindAProxyThatPutsAPathInFront_FindsItsFilesThere()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new("Fleet:Api:PathBase", "/ops")]);

        Assert.Contains("<base href=\"/ops/\"", await fleet.Http.GetStringAsync("/ops/runs"), StringComparison.Ordinal);
        Assert.Contains("<base href=\"/ops/\"", await fleet.Http.GetStringAsync("/runs"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("gzip, br;q=0")]
    [InlineData("identity")]
    public async Task File_AskedForCompressed_IsTheSameFile(string accepted)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        var (path, file) = WebFiles.All.First(f => f.Key.EndsWith(".js", StringComparison.Ordinal));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{path}");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);

        using var answer = await fleet.Http.SendAsync(request);

        Assert.Equal(
            accepted switch { "br" => "br", "identity" => null, _ => "gzip" }, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal("Accept-Encoding", answer.Headers.Vary.Single());
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl!.ToString());
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(answer.Content.Headers.ContentLength, bytes.Length);
        using Stream plain = answer.Content.Headers.ContentEncoding.SingleOrDefault() switch
        {
            "br" => new BrotliStream(new MemoryStream(bytes), CompressionMode.Decompress),
            "gzip" => new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress),
            _ => new MemoryStream(bytes),
        };
        using var read = new MemoryStream();
        await plain.CopyToAsync(read);
        Assert.Equal(file.Plain, read.ToArray());
    }

    [Fact]
    public async Task Answers_OfThePage_AreStrictWithTheBrowser()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();

        foreach (var path in WebFiles.All.Keys.Where(p => p != "index.html").Select(p => $"/{p}").Prepend("/"))
        {
            using var answer = await fleet.Http.GetAsync(path);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Page_ByHead_HasNoContent()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/");

        using var answer = await fleet.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("/assets/none.js")]
    [InlineData("/assets/..%2f..%2findex.html")]
    [InlineData("/assets/index.html")]
    [InlineData("/index.html")]
    [InlineData("/nothing")]
    public async Task Path_ThatIsNoFileOfThePage_IsNotFound(string path)
    {
        await using var fleet = await EmbeddedFleet.StartAsync();

        using var answer = await fleet.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Dashboard_SwitchedOff_IsNotServed()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new(DashboardPage.Setting, "off")]);

        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await fleet.Http.GetAsync("/api/v1/whoami")).StatusCode);
    }

    [Fact]
    public async Task Dashboard_NeitherOnNorOff_IsRefusedByName()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(
            () => EmbeddedFleet.StartAsync(settings: [new(DashboardPage.Setting, "maybe")]));

        Assert.Contains("Fleet:Api:Dashboard: 'maybe' is not allowed; allowed are on, off.", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>In a program with a policy of its own, the page is behind it, too.</summary>
    [Fact]
    public async Task Page_InAProgramWithAPolicy_IsBehindIt()
    {
        await using var app = await StartAsync(app => app.MapFleet("/fleet").RequireAuthorization(p => p.RequireAssertion(_ => false)));
        using var http = app.GetTestClient();

        Assert.NotEqual(HttpStatusCode.OK, (await http.GetAsync("/fleet/")).StatusCode);
    }

    private async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication().AddCookie();
        builder.AddFleet();
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex("(src|href)=\"\\./(?<path>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Links();
}
