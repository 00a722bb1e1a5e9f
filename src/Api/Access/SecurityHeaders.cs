using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>Headers of every answer that tell a browser to be careful with it. What needs less strict ones sets its own.</summary>
internal static class SecurityHeaders
{
    /// <summary>The headers of an answer that is no page.</summary>
    public static readonly IReadOnlyList<KeyValuePair<string, string>> All =
    [
        new("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
        new("X-Content-Type-Options", "nosniff"),
        new("X-Frame-Options", "DENY"),
        new("Referrer-Policy", "no-referrer"),
        new("Cross-Origin-Opener-Policy", "same-origin"),
        new("Cross-Origin-Resource-Policy", "same-origin"),
        new("Cache-Control", "no-store"),
    ];

    /// <summary>Adds them to an answer that has not begun.</summary>
    public static void Add(HttpResponse response)
    {
        foreach (var (name, value) in All)
            response.Headers.TryAdd(name, value);
    }
}
