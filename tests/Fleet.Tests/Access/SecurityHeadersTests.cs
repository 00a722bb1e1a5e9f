using System.Net;
using System.Text;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>Every answer tells a browser to be careful: also those that no endpoint gives.</summary>
public sealed class SecurityHeadersTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private static readonly string[] Names =
    [
        "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy",
    ];

    [Fact]
    public async Task EveryRoute_AdmittedAndRefused_HasThem()
    {
        var wrong = new List<string>();
        foreach (var route in Route.All(access.Fleet))
        {
            foreach (var key in new[] { null, access.Key(Role.Admin), access.Key(Role.Metrics) })
                wrong.AddRange(await MissingAsync(route.Method, route.Path, key, route.Body));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/nothing")]
    [InlineData("GET", "/api/v1/nothing")]
    [InlineData("PATCH", "/api/v1/runs")]
    [InlineData("GET", "/problems")]
    [InlineData("GET", "/problems/nothing")]
    [InlineData("GET", "/docs")]
    [InlineData("GET", "/docs/")]
    [InlineData("GET", "/docs/scalar.js")]
    [InlineData("GET", "/health/live")]
    [InlineData("GET", "/health/ready")]
    [InlineData("GET", "/api/v1/runs/%00")]
    public async Task OtherAnswers_HaveThem(string method, string path) =>
        Assert.Empty(await MissingAsync(method, path, access.Key(Role.Admin)));

    [Theory]
    [InlineData("Content-Type: text/plain", "{}", 415)]
    [InlineData("Content-Type: application/json", "{", 400)]
    [InlineData("Content-Type: application/json\r\nContent-Length: 2000000", "", 413)]
    [InlineData("Content-Length: -1", "", 400)]
    [InlineData("Transfer-Encoding: gzip", "", 400)]
    [InlineData("no header", "", 400)]
    [InlineData("X-Long: LONG", "", 431)]
    public async Task Refusals_AlsoOfTheServerItself_HaveThem(string header, string body, int status)
    {
        var text = "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + $"Authorization: Bearer {access.Key(Role.Admin)}\r\n"
            + header.Replace("LONG", new string('a', 40_000), StringComparison.Ordinal) + "\r\n"
            + (body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "") + "\r\n" + body;

        var answer = await RawHttp.SendAsync(access.Fleet.Http.BaseAddress!, Encoding.ASCII.GetBytes(text));

        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        Assert.All(Names, name => Assert.Contains(name + ": ", answer, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task TooManyRequests_HasThem()
    {
        await using var limited = await AccessFleet.StartAsync(
            [new("Fleet:Api:Limits:WritesPerMinute", "1"), new("Fleet:Api:Limits:FailedSignIns", "1")]);
        var key = limited.Key(Role.Admin);
        await limited.SendAsync("POST", "/api/v1/runs", key, "{}");
        await limited.SendAsync("GET", "/api/v1/runs", "x");

        foreach (var (status, headers, _) in new[]
        {
            await limited.SendAsync("POST", "/api/v1/runs", key, "{}"), await limited.SendAsync("GET", "/api/v1/runs", "x"),
        })
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, status);
            Assert.All(Names, name => Assert.True(headers.Contains(name), name));
        }
    }

    /// <summary>An error of the server's own, which a row makes that somebody has changed by hand.</summary>
    [Fact]
    public async Task ServerError_HasThem()
    {
        await using var broken = await AccessFleet.StartAsync([]);
        await broken.PrepareAsync();
        await broken.Fleet.Storage.WriteAsync(
            s => s.Db.Views.ExecuteUpdateAsync(set => set.SetProperty(v => v.Columns, "no JSON")), CancellationToken.None);

        var (status, headers, text) = await broken.SendAsync("GET", "/api/v1/views", broken.Key(Role.Admin));

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.All(Names, name => Assert.True(headers.Contains(name), name));
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForeignHost_HasThem() =>
        Assert.Empty(await MissingAsync("GET", "/api/v1/runs", access.Key(Role.Admin), null, ("Host", "evil.example")));

    [Theory]
    [InlineData("evil.example")]
    [InlineData("")]
    [InlineData("a b")]
    public async Task EveryRoute_ForeignOrEmptyHost_Is400_AndChangesNothing(string host)
    {
        var before = await access.Fleet.Storage.ReadTablesAsync();
        foreach (var route in Route.All(access.Fleet))
        {
            var (status, _, text) = await access.SendAsync(route.Method, route.Path, access.Key(Role.Admin), route.Body, ("Host", host));
            Assert.True(status == HttpStatusCode.BadRequest, $"{route}: {status} {text}");
        }

        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    private async Task<IEnumerable<string>> MissingAsync(
        string method, string path, string? key, string? body = null, params (string Name, string Value)[] headers)
    {
        var (status, answered, _) = await access.SendAsync(method, path, key, body, headers);
        return Names.Where(name => !answered.Contains(name)).Select(name => $"{method} {path} ({(int)status}) has no {name}");
    }
}
