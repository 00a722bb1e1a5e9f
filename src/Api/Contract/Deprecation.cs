using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Contract;

/// <summary>That an endpoint or a parameter should not be used any more. Every answer to its callers says so in the headers
/// <c>Deprecation</c> (RFC 9745), <c>Sunset</c> (RFC 8594) and <c>Link</c>.</summary>
/// <param name="Since">Since when.</param>
/// <param name="Sunset">When it goes; null while that is not known.</param>
/// <param name="Link">A page that says what to use instead.</param>
internal sealed record Deprecation(DateTimeOffset Since, DateTimeOffset? Sunset, string Link)
{
    /// <summary>Writes the headers. Of several deprecations the earliest dates are told, and all links.</summary>
    public static void Tell(HttpContext http, EndpointContract contract)
    {
        List<Deprecation>? told = null;
        if (contract.Deprecated is { } whole)
            (told ??= []).Add(whole);
        foreach (var parameter in contract.Parameters)
        {
            if (parameter.Deprecated is { } one && parameter.IsIn(http))
                (told ??= []).Add(one);
        }

        if (told is null)
            return;
        var headers = http.Response.Headers;
        headers["Deprecation"] = "@" + told.Min(d => d.Since).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        if (told.Min(d => d.Sunset) is { } sunset)
            headers["Sunset"] = sunset.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture);
        foreach (var link in told.Select(d => d.Link).Distinct(StringComparer.Ordinal))
            headers.Append("Link", $"<{link}>; rel=\"deprecation\"; type=\"text/html\"");
    }
}
