using System.Text.Json;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Oidc;

/// <summary>Lets people and programs in whom an OIDC provider knows.</summary>
internal sealed partial class OidcAccess : IProviderAccess, IAsyncDisposable
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);
    private const int MaxAnswer = 1024 * 1024;

    /// <summary>The errors of OAuth 2.0 and OpenID Connect that tell whoever runs Fleet what is wrong. Others are not logged.</summary>
    private static readonly string[] ProtocolErrors =
    [
        "access_denied", "consent_required", "interaction_required", "invalid_client", "invalid_grant", "invalid_request", "invalid_scope",
        "login_required", "server_error", "temporarily_unavailable", "unauthorized_client", "unsupported_response_type",
    ];

    private readonly OidcOptions _options;
    private readonly ProviderMetadata _metadata;
    private readonly ProviderHandlers _handlers;
    private readonly PeopleOfProvider _people;
    private readonly ILogger<OidcAccess> _logger;
    private readonly HttpClient _http = new() { Timeout = AnswerTime, MaxResponseContentBufferSize = MaxAnswer };

    public OidcAccess(OidcOptions options, ProtectionKeys keys, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger<OidcAccess>();
        _metadata = new ProviderMetadata(options.Authority, _http, time, _logger);
        _handlers = new ProviderHandlers(options, _metadata, _http, keys, time, loggers);
        _people = new PeopleOfProvider(options);
    }

    public bool SignsIn => _options.ClientId is not null;

    public TimeSpan SessionLife => _options.SessionLife;

    public async Task<ProviderAnswer> FindByTokenAsync(HttpContext http)
    {
        await _metadata.GetConfigurationAsync(http.RequestAborted);
        var (token, failure) = await _handlers.CheckTokenAsync(http);
        if (token is not null)
            return Find(token, token.ValidTo);
        LogRefused(KindOf(failure));
        return new(null, "unauthenticated", $"The token was refused: {Explain(failure)}");
    }

    public async Task BeginSignInAsync(HttpContext http, string returnUrl)
    {
        await _metadata.GetConfigurationAsync(http.RequestAborted);
        await _handlers.BeginSignInAsync(http, returnUrl);
    }

    public async Task<ProviderAnswer> EndSignInAsync(HttpContext http)
    {
        await _metadata.GetConfigurationAsync(http.RequestAborted);
        var outcome = await _handlers.EndSignInAsync(http);
        if (outcome.Token is { } token)
            return Find(token, expiresAt: null) with { ReturnUrl = outcome.ReturnUrl, WasBegunHere = true };
        var failure = outcome.Failure;
        // Anyone can come back from a sign-in that they have not begun.
        LogNotSignedIn(outcome.WasBegunHere ? LogLevel.Warning : LogLevel.Debug, KindOf(failure));
        if (failure is HttpRequestException or TaskCanceledException || failure?.InnerException is HttpRequestException)
            throw new ProviderException($"The OIDC provider at {_options.Authority} does not answer.", failure);
        return new(null, "sign_in_failed", ExplainSignIn(http, failure)) { WasBegunHere = outcome.WasBegunHere };
    }

    public async Task<string?> FindSignOutUrlAsync(string returnUrl)
    {
        try
        {
            var metadata = await _metadata.GetConfigurationAsync(CancellationToken.None);
            return string.IsNullOrEmpty(metadata.EndSessionEndpoint) || _options.ClientId is null
                ? null
                : QueryHelpers.AddQueryString(metadata.EndSessionEndpoint, new Dictionary<string, string?>
                {
                    [OpenIdConnectParameterNames.ClientId] = _options.ClientId,
                    [OpenIdConnectParameterNames.PostLogoutRedirectUri] = returnUrl,
                });
        }
        catch (ProviderException)
        {
            // The person is signed out here, which was asked.
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _handlers.DisposeAsync();
        _metadata.Dispose();
        _http.Dispose();
    }

    private ProviderAnswer Find(JsonWebToken token, DateTime? expiresAt)
    {
        try
        {
            return _people.Find(TokenClaims.Parse(token.EncodedPayload), expiresAt);
        }
        catch (JsonException)
        {
            return new(null, "unauthenticated", "The token was refused: a claim is in it twice.");
        }
    }

    /// <summary>Why a token was refused. It tells nothing of what is allowed that the token's owner could use.</summary>
    private static string Explain(Exception? failure) => failure switch
    {
        AggregateException { InnerExceptions: [var only, ..] } => Explain(only),
        SecurityTokenExpiredException => "it has expired.",
        SecurityTokenNotYetValidException => "it is not valid yet.",
        SecurityTokenInvalidAudienceException => "it is for another audience.",
        SecurityTokenInvalidIssuerException => "it was issued by somebody else.",
        SecurityTokenSignatureKeyNotFoundException => "the provider has no such key.",
        SecurityTokenNoExpirationException => "it has no end.",
        SecurityTokenInvalidAlgorithmException or SecurityTokenInvalidSignatureException => "its signature is not the provider's.",
        _ => "it is none that the provider has issued.",
    };

    private static string ExplainSignIn(HttpContext http, Exception? failure)
    {
        if (failure is SecurityTokenException)
            return $"The provider's token was refused: {Explain(failure)}";
        if (failure is OpenIdConnectProtocolInvalidNonceException)
            return "The provider's token belongs to another sign-in. Begin again.";
        if (failure is OpenIdConnectProtocolException && http.Request.Query[OpenIdConnectParameterNames.Error].Count == 0)
            return "The provider gave no token that can be used: the sign-in has ended already, or the provider is at fault. Begin again.";
        // Of the protocol, and not of the provider's own words.
        var error = http.Request.Query[OpenIdConnectParameterNames.Error].ToString();
        return error.Length is > 0 and < 50 && error.All(c => char.IsAsciiLetterLower(c) || c == '_')
            ? $"The provider has refused it: {error}."
            : "It was not begun in this browser, has ended already, or took longer than 15 minutes. Begin again.";
    }

    /// <summary>The kind of a failure for the log. Its message is not for the log: it has words of the browser and of the
    /// provider.</summary>
    private static string KindOf(Exception? failure) => failure switch
    {
        AggregateException { InnerExceptions: [var only, ..] } => KindOf(only),
        OpenIdConnectProtocolException { Data: var data } when Array.Find(ProtocolErrors, e => e.Equals(data["error"])) is { } error =>
            $"{nameof(OpenIdConnectProtocolException)}, {error}",
        { InnerException: { } cause } => $"{failure.GetType().Name}, {cause.GetType().Name}",
        _ => failure?.GetType().Name ?? "none",
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "A bearer token was refused: {Kind}.")]
    private partial void LogRefused(string kind);

    [LoggerMessage(Message = "A sign-in at the OIDC provider failed: {Kind}.")]
    private partial void LogNotSignedIn(LogLevel level, string kind);
}
