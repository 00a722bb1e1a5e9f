using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Recognises changes that a browser sends for a page of another site.</summary>
internal static class CrossSite
{
    private const string SecFetchSite = "Sec-Fetch-Site";

    /// <summary>The refusal of such a request; null for any other.</summary>
    public static InputError? Refuse(HttpRequest request)
    {
        if (IsRead(request))
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

    /// <summary>The refusal of a change that comes with a cookie and does not say where from: every browser of today says it, so a request
    /// that does not is none that our page has sent. Null for any other.</summary>
    public static InputError? RefuseUnsaid(HttpRequest request) => IsRead(request)
        || request.Headers[SecFetchSite].Count > 0 || request.Headers.Origin.Count > 0
        ? null
        : RunRules.Invalid("cross_site", "Origin", null, "the origin of this server, with a session; a program sends an API key");

    private static bool IsRead(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);

    private static bool IsOwn(string origin, HostString host) => Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && new HostString(uri.Authority).ToUriComponent().Equals(host.ToUriComponent(), StringComparison.OrdinalIgnoreCase);
}
