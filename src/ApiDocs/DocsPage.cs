using System.Security.Cryptography;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Scalar.AspNetCore;

namespace Fleet.ApiDocs;

/// <summary>A page that shows the OpenAPI document to people, for the programs that are Fleet alone. All of it comes from the server
/// itself.</summary>
public static class DocsPage
{
    /// <summary>The setting: <c>on</c> or <c>off</c>. Default: off.</summary>
    public const string Setting = "Fleet:Api:Docs";

    /// <summary>The path of the page.</summary>
    public const string Path = "/docs";

    /// <summary>A browser that may not read the document yet asks for an API key, or takes the one that <c>fleet dev --token</c> has put
    /// behind <c>#</c> of the address. That does not stay in the browser's history. If people sign in at a provider, the refusal names the
    /// page for that, and the browser offers it.</summary>
    private const string SignIn =
        """
        <form id="sign-in" hidden>
            <label>API key <input type="password" autocomplete="off" required></label>
            <button>Sign in</button>
            <a hidden>Sign in with your account</a>
            <output></output>
        </form>
        <script type="module" nonce="NONCE">
            const form = document.getElementById('sign-in')
            const signIn = async key => {
                const answer = await fetch('../api/v1/sessions', {
                    method: 'POST',
                    headers: { 'Content-Type': 'application/json' },
                    body: JSON.stringify({ key }),
                })
                if (answer.ok) location.reload()
                else form.querySelector('output').textContent = (await answer.json()).detail
            }
            form.onsubmit = event => {
                event.preventDefault()
                signIn(form.querySelector('input').value)
            }
            const given = /^#token=(.+)$/.exec(location.hash)
            if (given) {
                history.replaceState(null, '', location.pathname)
                await signIn(given[1])
            }
            const answer = await fetch('../api/v1/openapi.json')
            form.hidden = answer.status !== 401
            const page = form.hidden ? null : (await answer.json()).signIn
            if (page) {
                const link = form.querySelector('a')
                link.href = `${page}?returnUrl=${encodeURIComponent(location.pathname)}`
                link.hidden = false
            }
        </script>
        """;

    /// <summary>Maps the page if the setting is on. Anyone may load the page, which has no data. The document behind it is answered to
    /// those who may call the API.</summary>
    /// <exception cref="InvalidOperationException">The setting is neither <c>on</c> nor <c>off</c>.</exception>
    public static WebApplication MapFleetDocs(this WebApplication app)
    {
        if (IsOn(app.Configuration))
            app.MapScalarApiReference(Path, Configure).ExcludeFromDescription();
        return app;
    }

    private static bool IsOn(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => false,
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => false,
        var on when on.Equals("on", StringComparison.OrdinalIgnoreCase) => true,
        var other => throw new InvalidOperationException($"{Setting}: '{RunRules.Show(other)}' is not allowed; allowed are on, off."),
    };

    private static void Configure(ScalarOptions page, HttpContext http)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        page.WithTitle("Fleet API")
            .WithOpenApiRoutePattern("/api/v1/openapi.json")
            .WithNonce(nonce)
            .DisableDefaultFonts()
            .DisableTelemetry()
            .DisableAgent()
            .DisableMcp()
            .HideDeveloperTools()
            .HideClientButton()
            .AddHeaderContent(SignIn.Replace("NONCE", nonce, StringComparison.Ordinal));
        // The page needs more than the other answers of the server.
        http.Response.Headers.ContentSecurityPolicy = PolicyFor(nonce);
    }

    private static string PolicyFor(string nonce) =>
        $"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'";
}
