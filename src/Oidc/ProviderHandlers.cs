using System.Text.Encodings.Web;
using Fleet.Api.Access;
using Fleet.Core.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Oidc;

/// <summary>ASP.NET Core's handlers for bearer tokens and for signing in. They are in a container of their own: the schemes, the cookies
/// and the data protection of the program around Fleet stay as they are.</summary>
internal sealed class ProviderHandlers : IAsyncDisposable
{
    private const string Bearer = "FleetBearer";
    private const string SignIn = "FleetSignIn";

    // Signed by the provider alone: with a shared secret or the public key anyone could make one.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly ServiceProvider _services;

    public ProviderHandlers(
        OidcOptions options, ProviderMetadata metadata, HttpClient http, ProtectionKeys keys, TimeProvider time, ILoggerFactory loggers)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(new QuietHandlers(loggers)).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton(time);
        services.AddDataProtection().SetApplicationName("fleet");
        services.Configure<KeyManagementOptions>(protection =>
        {
            protection.XmlRepository = new KeyRing(keys);
            // Whoever reads the database has everything already.
            protection.XmlEncryptor = new NullXmlEncryptor();
        });
        var authentication = services.AddAuthentication();
        authentication.AddJwtBearer(Bearer, bearer =>
        {
            bearer.ConfigurationManager = metadata;
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters = Rules(options.Audience);
            bearer.Events = new JwtBearerEvents { OnTokenValidated = context => Keep(context.HttpContext, context.SecurityToken) };
        });
        if (options.ClientId is { } client)
        {
            authentication.AddOpenIdConnect(SignIn, flow => Configure(flow, options, client, metadata, http));
            services.AddTransient<SignInHandler>();
        }

        _services = services.BuildServiceProvider();
    }

    /// <summary>Checks the bearer token of a request.</summary>
    /// <returns>The token; or why it opens nothing.</returns>
    public async Task<(JsonWebToken? Token, Exception? Failure)> CheckTokenAsync(HttpContext http)
    {
        var handler = await MakeAsync<JwtBearerHandler>(Bearer, http);
        var result = await handler.AuthenticateAsync();
        return result.Succeeded ? (Take(http), null) : (null, result.Failure);
    }

    /// <summary>Answers with a redirect to the provider.</summary>
    public async Task BeginSignInAsync(HttpContext http, string returnUrl)
    {
        var handler = await MakeAsync<SignInHandler>(SignIn, http);
        await handler.ChallengeAsync(new AuthenticationProperties { RedirectUri = returnUrl });
    }

    /// <summary>Takes the code that the provider sent with the browser to it, and checks the token.</summary>
    public async Task<Outcome> EndSignInAsync(HttpContext http)
    {
        var handler = await MakeAsync<SignInHandler>(SignIn, http);
        var outcome = new Outcome();
        http.Features.Set(outcome);
        await handler.HandleRequestAsync();
        if (outcome.Failure is null)
            outcome.Token = Take(http);
        return outcome;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static TokenValidationParameters Rules(string audience) => new()
    {
        ValidAudience = audience,
        ValidAlgorithms = Algorithms,
        ClockSkew = OidcOptions.ClockSkew,
    };

    private static void Configure(
        OpenIdConnectOptions flow, OidcOptions options, string client, ProviderMetadata metadata, HttpClient http)
    {
        (flow.ClientId, flow.ClientSecret) = (client, options.ClientSecret);
        flow.ConfigurationManager = metadata;
        flow.Backchannel = http;
        flow.CallbackPath = IProviderAccess.CallbackPath;
        // The answer comes as a link, so that the cookies of the sign-in can be Lax, which works without https on this machine.
        (flow.ResponseType, flow.ResponseMode) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query);
        flow.PushedAuthorizationBehavior = PushedAuthorizationBehavior.Disable;
        (flow.UsePkce, flow.MapInboundClaims, flow.DisableTelemetry) = (true, false, true);
        flow.Scope.Clear();
        foreach (var scope in options.Scopes)
            flow.Scope.Add(scope);
        flow.TokenValidationParameters = Rules(client);
        Prepare(flow.CorrelationCookie, "fleet-sign-in.");
        Prepare(flow.NonceCookie, "fleet-nonce.");
        flow.Events = new OpenIdConnectEvents
        {
            OnTokenValidated = context => Keep(context.HttpContext, new JsonWebToken(context.SecurityToken.RawData)),
            OnTicketReceived = context =>
            {
                context.HttpContext.Features.Get<Outcome>()!.ReturnUrl = context.ReturnUri;
                context.HandleResponse();
                return Task.CompletedTask;
            },
            OnRemoteFailure = context =>
            {
                context.HttpContext.Features.Get<Outcome>()!.Failure = context.Failure!;
                context.HandleResponse();
                return Task.CompletedTask;
            },
        };
    }

    private static void Prepare(CookieBuilder cookie, string name)
    {
        cookie.Name = name;
        (cookie.HttpOnly, cookie.SameSite) = (true, SameSiteMode.Lax);
        cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
    }

    private static Task Keep(HttpContext http, SecurityToken token)
    {
        http.Features.Set(new CheckedToken((JsonWebToken)token));
        return Task.CompletedTask;
    }

    private static JsonWebToken Take(HttpContext http) => http.Features.Get<CheckedToken>()!.Token;

    private async Task<T> MakeAsync<T>(string scheme, HttpContext http)
        where T : IAuthenticationHandler
    {
        // Not that of the program: it does not know these schemes.
        var handler = _services.GetRequiredService<T>();
        await handler.InitializeAsync(new AuthenticationScheme(scheme, displayName: null, typeof(T)), http);
        return handler;
    }

    private sealed record CheckedToken(JsonWebToken Token);

    /// <summary>How a sign-in has ended: with a token, or with the reason why there is none.</summary>
    public sealed class Outcome
    {
        public JsonWebToken? Token { get; set; }

        /// <summary>Where the browser goes then.</summary>
        public string? ReturnUrl { get; set; }

        public Exception? Failure { get; set; }

        /// <summary>Whether the state belongs to a cookie of this browser.</summary>
        public bool WasBegunHere { get; set; }
    }

    /// <summary>Tells also whether the browser has begun the sign-in that it ends.</summary>
    private sealed class SignInHandler(
        IOptionsMonitor<OpenIdConnectOptions> options, ILoggerFactory loggers, HtmlEncoder html, UrlEncoder urls)
        : OpenIdConnectHandler(options, loggers, html, urls)
    {
        protected override bool ValidateCorrelationId(AuthenticationProperties properties) =>
            Context.Features.Get<Outcome>()!.WasBegunHere = base.ValidateCorrelationId(properties);
    }

    /// <summary>Lets through what data protection logs. The handlers log what a browser or the provider says, word for word: whoever
    /// calls the callback would write into the log. <see cref="OidcAccess"/> logs the kind of each failure instead.</summary>
    private sealed class QuietHandlers(ILoggerFactory loggers) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal)
                ? loggers.CreateLogger(categoryName)
                : NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

        public void Dispose()
        {
            // It belongs to the program.
        }
    }
}
