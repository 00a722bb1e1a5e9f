using System.Net;
using Fleet.Core.Access;

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
