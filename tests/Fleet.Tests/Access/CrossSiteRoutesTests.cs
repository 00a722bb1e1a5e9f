using System.Net;
using System.Text;
using Fleet.Core.Access;

namespace Fleet.Tests.Access;

/// <summary>Every path with every method that changes something, as a page of another site could have a browser send it: refused, whoever
/// is signed in there.</summary>
public sealed class CrossSiteRoutesTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private static readonly string[] Methods = ["POST", "PUT", "PATCH", "DELETE"];

    /// <summary>What a page may send without asking first, and other types that are not JSON in UTF-8; null for none.</summary>
    private static readonly string?[] OtherTypes =
    [
        null, "", "text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/json; charset=utf-16", "application/json; charset=x-none", "application/jsonp", "text/json", "application/json+x",
        "text/plain, application/json", "application/json, text/plain", "application/json; evil", "application/json;=x", "json", "*/*",
    ];

    private static readonly string[] JsonTypes =
    [
        "application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
        "application/json;",
    ];

    private (string, string)[][] OfAnotherSite =>
    [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "SAME-ORIGIN")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "cross-site"), ("Origin", Own)],
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", Own), ("Origin", "https://evil.example")],
        [("Origin", Own + ".evil.example")],
        [("Origin", "http://127.0.0.1:1")],
    ];

    private string Own => access.Fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task EveryPath_FromAnotherSite_Is403_AndChangesNothing()
    {
        await access.PrepareAsync();
        var cookie = await access.SignInAsync(Role.Admin);
        var before = await access.Fleet.Storage.ReadContentsAsync();
        var wrong = new List<string>();

        foreach (var (method, path, body) in Requests())
        {
            foreach (var headers in OfAnotherSite)
            {
                foreach (var credential in new (string, string)[]
                    { ("Cookie", cookie), ("Authorization", "Bearer " + access.Key(Role.Admin)), ("X-Nothing", "") })
                {
                    var (status, text) = await SendAsync(method, path, body, "application/json", [.. headers, credential]);
                    if (status != HttpStatusCode.Forbidden || !text.Contains("cross_site", StringComparison.Ordinal))
                        wrong.Add($"{method} {path} with {string.Join(", ", headers)} and {credential.Item1}: {status} {text}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        Assert.Equal(before, await access.Fleet.Storage.ReadContentsAsync());
    }

    [Fact]
    public async Task EveryPath_BodyOfAnotherType_IsRefused_AndChangesNothing()
    {
        await access.PrepareAsync();
        var before = await access.Fleet.Storage.ReadContentsAsync();
        var wrong = new List<string>();

        foreach (var (method, path, body) in Requests())
        {
            foreach (var type in OtherTypes)
            {
                var (status, text) = await SendAsync(
                    method, path, body ?? "{}", type, ("Authorization", "Bearer " + access.Key(Role.Admin)), ("If-Match", "*"));
                // A path that takes no body, or not this method, refuses it for that.
                var isRefused = status is HttpStatusCode.UnsupportedMediaType or HttpStatusCode.MethodNotAllowed
                    || text.Contains("unexpected_body", StringComparison.Ordinal);
                if (!isRefused)
                    wrong.Add($"{method} {path} as {type ?? "nothing"}: {status} {text}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        Assert.Equal(before, await access.Fleet.Storage.ReadContentsAsync());
    }

    /// <summary>So that the test above can fail.</summary>
    [Fact]
    public async Task Enqueue_JsonInUtf8_IsTaken()
    {
        foreach (var type in JsonTypes)
        {
            var (status, text) = await SendAsync(
                "POST", "/api/v1/runs?dryRun=true", """{"job":"diag.echo"}""", type,
                ("Authorization", "Bearer " + access.Key(Role.Admin)));
            Assert.True(status == HttpStatusCode.OK, $"{type}: {text}");
        }
    }

    /// <summary>Each path with each of the methods, and the body that it takes with one of them.</summary>
    private IEnumerable<(string Method, string Path, string? Body)> Requests() =>
        from routes in Route.All(access.Fleet).GroupBy(r => r.Path, StringComparer.Ordinal)
        from method in Methods
        select (method, routes.Key, routes.FirstOrDefault(r => r.Method == method)?.Body);

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(
        string method, string path, string? body, string? type, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(access.Fleet.Http.BaseAddress!, path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await access.Raw.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
