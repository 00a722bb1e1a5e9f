using System.Net;
using Fleet.Api.Contract;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Api;

/// <summary>Explains the codes of refusals: the <c>type</c> of every problem leads here. A browser gets a page, a program gets
/// JSON.</summary>
internal static class GetProblemsEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        // No secrets, and needed by whoever was refused.
        endpoints.MapGet("/problems", ShowAllAsync).ExcludeFromDescription().AllowAnonymous();
        endpoints.MapGet("/problems/{code}", ShowAsync).ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>The table and what the parameters add, by code.</summary>
    public static IEnumerable<ProblemCode> All(IEnumerable<EndpointContract> contracts) =>
        ProblemCode.All.Concat(contracts.SelectMany(c => c.Parameters).Where(p => p.Codes.Contains(p.Code)).Select(p => p.Problem))
            .DistinctBy(p => p.Code, StringComparer.Ordinal).OrderBy(p => p.Code, StringComparer.Ordinal);

    private static Task ShowAllAsync(HttpContext http)
    {
        var all = All(EndpointContracts.In(http.RequestServices)).ToList();
        return WantsPage(http)
            ? PageAsync(http, "Problems", "<ul>" + string.Concat(all.Select(Line)) + "</ul>")
            : Results.Json(new { items = all }, FleetJson.Payload).ExecuteAsync(http);

        string Line(ProblemCode p) =>
            $"<li><a href=\"{WebUtility.HtmlEncode(Problems.BaseOf(http.Request))}/problems/{p.Code}\">{p.Code}</a> ({p.Status}): "
            + $"{WebUtility.HtmlEncode(p.Meaning)}</li>";
    }

    private static Task ShowAsync(HttpContext http)
    {
        var code = http.GetRouteValue("code") as string ?? "";
        if (ProblemCode.Find(code, EndpointContracts.In(http.RequestServices)) is not { } problem)
            return Problems.NotFound("problem", code).ExecuteAsync(http);
        return WantsPage(http)
            ? PageAsync(
                http, problem.Code,
                $"<p>Status {problem.Status}</p><p>{WebUtility.HtmlEncode(problem.Meaning)}</p>"
                + $"<p>{WebUtility.HtmlEncode(problem.Remedy)}</p>")
            : Results.Json(problem, FleetJson.Payload).ExecuteAsync(http);
    }

    private static bool WantsPage(HttpContext http) =>
        http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static Task PageAsync(HttpContext http, string title, string body)
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Content(
            $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>"
            + $"<body><h1>{title}</h1>{body}</body></html>",
            "text/html; charset=utf-8").ExecuteAsync(http);
    }
}
