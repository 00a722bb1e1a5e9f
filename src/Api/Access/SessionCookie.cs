using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api.Access;

/// <summary>The cookie of a session. All ports of a host share their cookies, and a secure one hides that of plain HTTP, so its name has
/// both.</summary>
internal static class SessionCookie
{
    /// <summary>Reads the text of the session; null when there is none.</summary>
    public static string? Read(HttpContext http) => http.Request.Cookies[NameFor(http)];

    /// <summary>Sets it.</summary>
    public static void Set(HttpContext http, string text, DateTimeOffset until)
    {
        var options = Options(http);
        options.Expires = until;
        http.Response.Cookies.Append(NameFor(http), text, options);
    }

    /// <summary>Has the browser forget it.</summary>
    public static void Delete(HttpContext http) => http.Response.Cookies.Delete(NameFor(http), Options(http));

    private static string NameFor(HttpContext http) => http.Request.IsHttps
        ? "__Host-fleet"
        : string.Create(CultureInfo.InvariantCulture, $"fleet-http-{http.Request.Host.Port ?? 80}");

    private static CookieOptions Options(HttpContext http) => new()
    {
        HttpOnly = true,
        Secure = http.Request.IsHttps,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        IsEssential = true,
    };
}
