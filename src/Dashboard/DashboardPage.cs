using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Fleet.Dashboard;

/// <summary>The dashboard: a page that shows and changes a fleet through its API. The page itself has no data: it is the same for
/// everybody, and the API behind it asks who is there.</summary>
public static class DashboardPage
{
    /// <summary>The setting: <c>on</c> or <c>off</c>. Default: on.</summary>
    public const string Setting = "Fleet:Api:Dashboard";

    // One script of our own, no inline code, no other host. Addresses of scripts are made by one policy alone.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; "
        + "base-uri 'self'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types fleet";

    // A worker has the policy of its own script.
    private const string PolicyOfScripts = "default-src 'none'; connect-src 'self'; script-src 'self'; frame-ancestors 'none'";

    private const string WithoutPage =
        "This program was built without the dashboard (SkipDashboard=true). The API is below /api/v1; 'fleet status' shows what is "
        + "going on.";

    /// <summary>The first parts of the page's paths: what is behind them is the page's to know.</summary>
    private static readonly string[] Places =
        ["runs", "schedules", "calendar", "lanes", "workers", "jobs", "dead-letters", "operations", "audit", "keys"];

    /// <summary>Maps the page below a path, beside the API of the same path.</summary>
    /// <returns>Takes what applies to all of its endpoints, such as an authorization policy.</returns>
    public static IEndpointConventionBuilder MapFleetDashboard(this IEndpointRouteBuilder endpoints, string path)
    {
        var page = endpoints.MapGroup(path);
        Map(page, "/", http => AnswerPageAsync(http, "/"));
        foreach (var place in Places)
            Map(page, $"/{place}/{{**rest}}", http => AnswerPageAsync(http, $"/{place}/{{**rest}}"));
        Map(page, "/fleet.svg", http => AnswerFileAsync(http, "fleet.svg", "no-cache"));
        Map(page, "/assets/{name}", http => AnswerFileAsync(
            http, $"assets/{http.Request.RouteValues["name"]}", "public, max-age=31536000, immutable"));
        return page;
    }

    private static void Map(RouteGroupBuilder page, string route, RequestDelegate answer) =>
        page.MapMethods(route, [HttpMethods.Get, HttpMethods.Head], answer).ExcludeFromDescription();

    private static async Task AnswerPageAsync(HttpContext http, string route)
    {
        AddHeaders(http.Response, Policy, "no-store");
        if (!WebFiles.All.TryGetValue("index.html", out var index))
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync(WithoutPage);
            return;
        }

        // What the page asks for is relative to where it is mapped, whatever is in front of it.
        var html = Encoding.UTF8.GetString(index.Plain).Replace(
            "<base href=\"/\"", $"<base href=\"{HtmlEncoder.Default.Encode(BaseOf(http, route))}\"", StringComparison.Ordinal);
        await WriteAsync(http, index.Type, Encoding.UTF8.GetBytes(html));
    }

    /// <summary>Where the page is mapped, as the browser sees it; ends with a slash.</summary>
    private static string BaseOf(HttpContext http, string route)
    {
        var pattern = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? route;
        var mapped = pattern.EndsWith(route, StringComparison.Ordinal) ? pattern[..^route.Length] : "";
        return $"{http.Request.PathBase.ToUriComponent()}{mapped.TrimEnd('/')}/";
    }

    private static async Task AnswerFileAsync(HttpContext http, string path, string cache)
    {
        if (!WebFiles.All.TryGetValue(path, out var file))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        AddHeaders(http.Response, PolicyOfScripts, cache);
        var accepted = http.Request.GetTypedHeaders().AcceptEncoding;
        if (file.Brotli is not null || file.Gzip is not null)
            http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        var (encoding, bytes) = Takes("br") && file.Brotli is not null ? ("br", file.Brotli)
            : Takes("gzip") && file.Gzip is not null ? ("gzip", file.Gzip)
            : ("", file.Plain);
        if (encoding.Length > 0)
            http.Response.Headers.ContentEncoding = encoding;
        await WriteAsync(http, file.Type, bytes);

        bool Takes(string name) => accepted.Any(a => a.Value == name && a.Quality is null or > 0);
    }

    private static async Task WriteAsync(HttpContext http, string type, byte[] bytes)
    {
        http.Response.ContentType = type;
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    /// <summary>The page needs more than the other answers of the server.</summary>
    private static void AddHeaders(HttpResponse response, string policy, string cache)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.CacheControl = cache;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
