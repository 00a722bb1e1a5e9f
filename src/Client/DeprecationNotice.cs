using System.Globalization;
using System.Net.Http.Headers;

namespace Fleet.Client;

/// <summary>What an answer says about an operation that will go away: the headers <c>Deprecation</c> (RFC 9745), <c>Sunset</c> (RFC 8594)
/// and <c>Link</c> with <c>rel="deprecation"</c>.</summary>
internal static class DeprecationNotice
{
    private const string Relation = "rel=\"deprecation\"";

    /// <summary>The notice in one sentence; null when the answer has none.</summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="path">Its path behind <c>/api/v1/</c>, with its query.</param>
    /// <param name="headers">The headers of the answer.</param>
    public static string? Read(HttpMethod method, string path, HttpResponseHeaders headers)
    {
        if (!headers.Contains("Deprecation"))
            return null;
        var ends = DateTimeOffset.TryParse(
            First(headers, "Sunset"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var sunset)
            ? $" and goes away on {sunset.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}"
            : "";
        var link = headers.TryGetValues("Link", out var links)
            ? links.FirstOrDefault(l => l.Contains(Relation, StringComparison.Ordinal))
            : null;
        var more = link is not null && link.IndexOf('>', StringComparison.Ordinal) is > 1 and var end ? $": {link[1..end]}" : "";
        return $"{method} /api/v1/{path.Split('?')[0]} of this server is deprecated{ends}{more}.";
    }

    private static string? First(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
