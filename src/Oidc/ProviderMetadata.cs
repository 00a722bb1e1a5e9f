using System.Security.Cryptography;
using Fleet.Api.Access;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Oidc;

/// <summary>What the provider says of itself: its endpoints, and the keys that it signs with. It is read when it is needed first, so that a
/// provider that is away keeps nobody from starting; then every hour, and when a token names a key that is not known.</summary>
/// <remarks>Not the library's <c>ConfigurationManager</c>: that one goes on for up to an hour with keys that the provider has withdrawn,
/// reads new ones behind the back of the request that needs them, and does not compare the issuer.</remarks>
internal sealed partial class ProviderMetadata : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>, IDisposable
{
    /// <summary>How long it is believed.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);

    /// <summary>How often tokens with unknown keys have it read: anyone can make up such tokens.</summary>
    public static readonly TimeSpan BetweenRequests = TimeSpan.FromSeconds(30);

    /// <summary>How long nobody asks again after the provider did not answer.</summary>
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan AgainIn = TimeSpan.FromMinutes(1);

    private readonly Uri _authority;
    private readonly HttpDocumentRetriever _documents;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Read? _read;
    private volatile bool _isRequested;
    private long? _requestedAt;
    private Failure? _failure;

    public ProviderMetadata(Uri authority, HttpClient http, TimeProvider time, ILogger logger)
    {
        (_authority, _time, _logger) = (authority, time, logger);
        _documents = new HttpDocumentRetriever(http) { RequireHttps = !authority.IsLoopback };
        // A key that the provider has withdrawn opens nothing any more.
        UseLastKnownGoodConfiguration = false;
    }

    /// <summary>The metadata.</summary>
    /// <exception cref="ProviderException">The provider does not answer, or not as it should, and has not done so before.</exception>
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (_read is { } fresh && IsFresh(fresh))
            return fresh.Metadata;
        await _turn.WaitAsync(cancel);
        try
        {
            if (_read is { } meanwhile && IsFresh(meanwhile))
                return meanwhile.Metadata;
            if (_failure is not { } failed || _time.GetElapsedTime(failed.At) >= AfterFailure)
                _failure = await ReadAsync(cancel);
            // What was read before is better than nothing.
            return _read?.Metadata ?? throw new ProviderException(_failure!.Reason, _failure.Cause);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) =>
        await GetConfigurationAsync(cancel);

    /// <summary>The next request reads it anew. The library calls this when a token names an unknown key, and asks again.</summary>
    public override void RequestRefresh()
    {
        lock (_turn)
        {
            if (_requestedAt is { } at && _time.GetElapsedTime(at) < BetweenRequests)
                return;
            (_requestedAt, _isRequested) = (_time.GetTimestamp(), true);
        }
    }

    public void Dispose() => _turn.Dispose();

    private bool IsFresh(Read read) => !_isRequested && _time.GetElapsedTime(read.At) < FreshFor;

    /// <returns>Why it could not be read; null when it was.</returns>
    private async Task<Failure?> ReadAsync(CancellationToken cancel)
    {
        _isRequested = false;
        try
        {
            var metadata = await OpenIdConnectConfigurationRetriever.GetAsync(
                $"{_authority.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration", _documents, cancel);
            Check(metadata);
            _read = new Read(metadata, _time.GetTimestamp());
            return null;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(_authority, e.Message);
            // What is there is used for a while: a provider that hangs must not keep every request waiting.
            if (_read is { } old)
                _read = old with { At = _time.GetTimestamp() - (long)((FreshFor - AgainIn).TotalSeconds * _time.TimestampFrequency) };
            return new Failure($"The OIDC provider at {_authority} cannot be used now: {Explain(e)}", e, _time.GetTimestamp());
        }
    }

    private void Check(OpenIdConnectConfiguration metadata)
    {
        // OpenID Connect Discovery 1.0, 4.3. Some providers end theirs with a slash, and say it otherwise without.
        if (metadata.Issuer?.TrimEnd('/') != _authority.OriginalString.TrimEnd('/'))
            throw new ProviderException($"it calls itself '{metadata.Issuer}'.");
        if (metadata.SigningKeys.Count == 0)
            throw new ProviderException("it has no keys.");
        var endpoints = new[] { metadata.AuthorizationEndpoint, metadata.TokenEndpoint, metadata.EndSessionEndpoint };
        var insecure = endpoints.FirstOrDefault(e => !string.IsNullOrEmpty(e)
            && !(Uri.TryCreate(e, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || _authority.IsLoopback)));
        if (insecure is not null)
            throw new ProviderException($"its endpoint {insecure} is not https.");
    }

    private static string Explain(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case ProviderException told:
                    return told.Message;
                case HttpRequestException { StatusCode: { } status }:
                    return $"it answers {(int)status}.";
                case HttpRequestException or TaskCanceledException:
                    return "it does not answer.";
                case CryptographicException or FormatException or System.Text.Json.JsonException:
                    return "its answer cannot be read.";
            }
        }

        return "its answer cannot be read, or is not https.";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The metadata of the OIDC provider at {Authority} could not be read: {Reason}")]
    private partial void LogFailed(Uri authority, string reason);

    private sealed record Read(OpenIdConnectConfiguration Metadata, long At);

    private sealed record Failure(string Reason, Exception Cause, long At);
}
