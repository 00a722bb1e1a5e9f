using Fleet.Api;
using Fleet.Core.Access;
using Fleet.Core.Setup;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Oidc;

/// <summary>Access by an OIDC provider, for programs whose settings name one.</summary>
public static class OidcServices
{
    /// <summary>Lets in whom the provider of the settings <c>Fleet:Api:Access:Oidc</c> knows. Without these settings it does
    /// nothing. Nothing of the program's own authentication changes.</summary>
    /// <exception cref="FleetStartException">A setting is missing or not allowed; names all of them.</exception>
    public static IServiceCollection AddFleetOidc(this IServiceCollection services, IConfiguration configuration) =>
        StartRefusal.InWords(() => ReadOidcOptions.Execute(configuration)) is { } options
            ? services.AddFleetProvider(provider => new OidcAccess(
                options, provider.GetRequiredService<ProtectionKeys>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILoggerFactory>()))
            : services;
}
