using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Tests.Oidc;

/// <summary>An OIDC provider in the process of the tests: discovery, keys, authorization code with PKCE, and tokens with real signatures.
/// Whoever comes to sign in is signed in as <see cref="Person"/>.</summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string Client = "fleet-web";
    public const string Secret = "s3cret";
    public const string Audience = "fleet";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Login> _codes = new();
    private List<SecurityKey> _keys = [NewKey("first")];

    private TestProvider(WebApplication app) => _app = app;

    public string Issuer { get; private set; } = "";

    /// <summary>The claims of whoever signs in.</summary>
    public Dictionary<string, object> Person { get; set; } = new() { ["sub"] = "u-1", ["preferred_username"] = "alex" };

    /// <summary>Changes the id token of a sign-in, such as its nonce.</summary>
    public Action<Dictionary<string, object>>? Spoil { get; set; }

    /// <summary>How the token endpoint answers instead; null: as it should.</summary>
    public int? TokenStatus { get; set; }

    /// <summary>What the provider says of itself otherwise; a null takes a member away.</summary>
    public Dictionary<string, string?> SaysOfItself { get; } = [];

    /// <summary>How often the keys were read.</summary>
    public int KeysRead { get; private set; }

    /// <summary>What the token endpoint refused.</summary>
    public ConcurrentQueue<string> Refused { get; } = [];

    public SecurityKey Key => _keys[^1];

    public static async Task<TestProvider> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var provider = new TestProvider(app);
        app.MapGet("/.well-known/openid-configuration", provider.Discover);
        app.MapGet("/keys", provider.ShowKeys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", (Delegate)provider.RedeemAsync);
        await app.StartAsync();
        provider.Issuer = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return provider;
    }

    /// <summary>The settings of a fleet that knows this provider.</summary>
    public List<KeyValuePair<string, string?>> Settings(params (string Name, string Value)[] others) =>
    [
        new("Fleet:Api:Access", "on"),
        new("Fleet:Api:Access:Oidc:Authority", Issuer),
        new("Fleet:Api:Access:Oidc:Audience", Audience),
        new("Fleet:Api:Access:Oidc:ClientId", Client),
        new("Fleet:Api:Access:Oidc:ClientSecret", Secret),
        .. Rule(0, "groups", "fleet-viewers", "viewer"),
        .. Rule(1, "realm_access.roles", "fleet-operator", "operator"),
        .. Rule(2, "groups", "fleet-admins", "admin"),
        .. others.Select(o => new KeyValuePair<string, string?>("Fleet:Api:Access:Oidc:" + o.Name, o.Value)),
    ];

    /// <summary>The settings of a fleet that gives the provider another address.</summary>
    public List<KeyValuePair<string, string?>> SettingsFor(string authority) =>
        [.. Settings().Select(s => s.Key.EndsWith(":Authority", StringComparison.Ordinal) ? new(s.Key, authority) : s)];

    /// <summary>The next tokens are signed with a new key; the old one is gone.</summary>
    public void Rotate(string kid) => _keys = [NewKey(kid)];

    /// <summary>A token for the API, valid for 5 minutes unless the claims say otherwise.</summary>
    public string Issue(params (string Claim, object? Value)[] claims) => Sign(AccessClaims(claims), Key);

    /// <summary>The claims of a token for the API. A null takes one away.</summary>
    public Dictionary<string, object> AccessClaims(params (string Claim, object? Value)[] claims)
    {
        var now = TimeProvider.System.GetUtcNow();
        var all = new Dictionary<string, object>
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
            ["sub"] = "u-1",
            ["preferred_username"] = "alex",
        };
        foreach (var (claim, value) in claims)
        {
            if (value is null)
                all.Remove(claim);
            else
                all[claim] = value;
        }

        return all;
    }

    /// <summary>Signs claims as they are.</summary>
    public static string Sign(Dictionary<string, object> claims, SecurityKey key, string? algorithm = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(claims),
            new SigningCredentials(
                key, algorithm ?? (key is RsaSecurityKey ? SecurityAlgorithms.RsaSha256 : SecurityAlgorithms.EcdsaSha256)));

    public static SecurityKey NewKey(string kid) => new RsaSecurityKey(RSA.Create(2048)) { KeyId = kid };

    public static SecurityKey NewCurveKey(string kid) => new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = kid };

    /// <summary>Adds a key that signs the next tokens.</summary>
    public void Add(SecurityKey key) => _keys = [.. _keys, key];

    /// <summary>Closes the door; nothing answers at the address any more.</summary>
    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static IEnumerable<KeyValuePair<string, string?>> Rule(int index, string claim, string value, string role)
    {
        var path = $"Fleet:Api:Access:Oidc:Roles:{index}";
        return [new(path + ":Claim", claim), new(path + ":Value", value), new(path + ":Role", role)];
    }

    private IResult Discover()
    {
        var document = Describe();
        foreach (var (name, value) in SaysOfItself)
        {
            if (value is null)
                document.Remove(name);
            else
                document[name] = value;
        }

        return Results.Json(document);
    }

    private Dictionary<string, object> Describe() => new()
    {
        ["issuer"] = Issuer,
        ["authorization_endpoint"] = Issuer + "/authorize",
        ["token_endpoint"] = Issuer + "/token",
        ["jwks_uri"] = Issuer + "/keys",
        ["end_session_endpoint"] = Issuer + "/logout",
        ["response_types_supported"] = new[] { "code" },
        ["subject_types_supported"] = new[] { "public" },
        ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        // Providers name it that do not allow it to every client; nothing answers there.
        ["pushed_authorization_request_endpoint"] = Issuer + "/par",
    };

    private IResult ShowKeys()
    {
        KeysRead++;
        return Results.Json(new { keys = _keys.Select(Show).ToArray() });
    }

    private static Dictionary<string, string> Show(SecurityKey key)
    {
        var jwk = JsonWebKeyConverter.ConvertFromSecurityKey(key);
        var shown = new Dictionary<string, string> { ["kid"] = key.KeyId, ["use"] = "sig", ["kty"] = jwk.Kty };
        if (key is RsaSecurityKey)
            (shown["n"], shown["e"]) = (jwk.N, jwk.E);
        else
            (shown["crv"], shown["x"], shown["y"]) = (jwk.Crv, jwk.X, jwk.Y);
        return shown;
    }

    private IResult Authorize(HttpContext http)
    {
        var query = http.Request.Query;
        var wrong = query["response_type"] != "code" || query["client_id"] != Client || query["code_challenge_method"] != "S256"
            || !query["scope"].ToString().Split(' ').Contains("openid") || query["nonce"].Count != 1 || query["state"].Count != 1;
        if (wrong)
            return Results.BadRequest(http.Request.QueryString.Value);
        var code = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(16));
        _codes[code] = new(query["redirect_uri"]!, query["code_challenge"]!, query["nonce"]!);
        return Results.Redirect(QueryHelpers.AddQueryString(
            query["redirect_uri"]!, new Dictionary<string, string?> { ["code"] = code, ["state"] = query["state"] }));
    }

    private async Task<IResult> RedeemAsync(HttpContext http)
    {
        if (TokenStatus is { } status)
            return Results.StatusCode(status);
        var form = await http.Request.ReadFormAsync();
        var problem = !_codes.TryRemove(form["code"].ToString(), out var login) ? "the code is unknown or was used"
            : form["redirect_uri"] != login.RedirectUri ? "another redirect_uri"
            : form["client_id"] != Client || form["client_secret"] != Secret ? "another client"
            : Challenge(form["code_verifier"].ToString()) != login.Challenge ? "another verifier"
            : null;
        if (problem is not null)
        {
            Refused.Enqueue(problem);
            return Results.Json(new { error = "invalid_grant", error_description = problem }, statusCode: 400);
        }

        var claims = AccessClaims(("aud", Client), ("nonce", login!.Nonce), ("preferred_username", null), ("sub", null));
        foreach (var (name, value) in Person)
            claims[name] = value;
        Spoil?.Invoke(claims);
        return Results.Json(new { access_token = "opaque", token_type = "Bearer", expires_in = 300, id_token = Sign(claims, Key) });
    }

    private static string Challenge(string verifier) => WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    private sealed record Login(string RedirectUri, string Challenge, string Nonce);
}
