using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Refuses what a page of another site could make a browser send, before anything looks for an endpoint.</summary>
internal sealed class RequestGate(AllowedHosts hosts)
{
    private const string SecFetchSite = "Sec-Fetch-Site";

    public Task InvokeAsync(HttpContext http, RequestDelegate next) =>
        Refuse(http.Request) is { } error ? Problems.Refused(error).ExecuteAsync(http) : next(http);

    private InputError? Refuse(HttpRequest request)
    {
        if (!hosts.Allows(request.Host))
            return RunRules.Invalid("invalid_host", "Host", request.Host.Value, $"{hosts.Description}; {AllowedHosts.Key} names others");
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            return null;
        // Browsers of today say where a request comes from; older ones say at least of which origin the page is.
        if (request.Headers[SecFetchSite].ToString() is { Length: > 0 } site)
            return site is "same-origin" or "none"
                ? null
                : RunRules.Invalid("cross_site", SecFetchSite, site, "same-origin or none: pages of other sites may not call the API");
        return request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(origin, request.Host)
            ? RunRules.Invalid("cross_site", "Origin", origin, "the origin of this server: pages of other sites may not call the API")
            : null;
    }

    private static bool IsOwn(string origin, HostString host) => Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && new HostString(uri.Authority).ToUriComponent().Equals(host.ToUriComponent(), StringComparison.OrdinalIgnoreCase);
}
