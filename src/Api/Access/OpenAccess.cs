using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Setup;
using Fleet.Core.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Api.Access;

/// <summary>Where anyone may call, only this machine may: the addresses that the server is really bound to decide, whatever set them.
/// Behind a proxy every caller has a loopback address, so addresses of callers tell nothing.</summary>
/// <remarks>The addresses are known once the server listens. If one is wrong, the program ends then; until that moment nothing is
/// answered.</remarks>
internal sealed partial class OpenAccess(IServiceProvider services, ILogger<OpenAccess> logger) : IHostedLifecycleService
{
    private readonly Lazy<string?> _tooFar = new(() => FindTooFar(services));
    private volatile bool _hasStarted;

    /// <summary>True if the server listens on loopback addresses alone.</summary>
    public bool IsAllowed => _hasStarted && _tooFar.Value is null;

    /// <summary>True in the programs that are Fleet alone: <see cref="RequestGate"/> has looked at the name of the request and added the
    /// security headers before an endpoint is chosen.</summary>
    public bool IsBehindGate { get; set; }

    /// <summary>The refusal of a request under another name than those of loopback; null for any other. A page can have its own name
    /// resolve to this machine.</summary>
    public InputError? Refuse(HostString host) => IsBehindGate || AllowedHosts.LoopbackAlone.Allows(host)
        ? null
        : RunRules.Invalid("invalid_host", "Host", host.Value, AllowedHosts.LoopbackAlone.Description);

    /// <summary>Ends the program if an endpoint of Fleet is open to anyone and the server is not on loopback alone, or if nobody has said
    /// who may call an endpoint.</summary>
    /// <exception cref="FleetStartException">Names the address and the setting.</exception>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _hasStarted = true;
        return StartRefusal.InWordsAsync(async () =>
        {
            // Endpoints are built when they are first looked at, and refuse it then if nobody has said who may call.
            var endpoints = services.GetService<EndpointDataSource>()?.Endpoints ?? [];
            if (endpoints.Any(e => e.Metadata.GetMetadata<OpenToAnyone>() is not null) && _tooFar.Value is { } address)
            {
                throw new InvalidOperationException(
                    $"{AccessOptions.Setting}: 'off' is not allowed while the program listens on {address}, where other machines reach it. "
                        + "Listen on 127.0.0.1, or turn access on and make a key with 'fleet key create'.");
            }

            RefuseUnreadProvider(endpoints);
            if (services.GetRequiredService<AccessOptions>().IsOn
                && endpoints.Any(e => e.Metadata.GetMetadata<EndpointAccess.FleetKeys>() is not null))
                await LookForKeysAsync(cancellationToken);
        });
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends a program that has no part for the provider that its settings name: nobody whom it knows would be let in.</summary>
    private void RefuseUnreadProvider(IReadOnlyList<Endpoint> endpoints)
    {
        var settings = services.GetService<IConfiguration>()?.GetSection(AccessOptions.OidcSection).AsEnumerable() ?? [];
        if (services.GetService<IProviderAccess>() is null && settings.Any(s => !string.IsNullOrEmpty(s.Value))
            && endpoints.Any(e => e.Metadata.GetMetadata<EndpointAccess.FleetKeys>() is not null))
        {
            throw new InvalidOperationException(
                $"{AccessOptions.OidcSection}: the scheduler service and 'fleet dev' read it, and this program does not. Add the "
                    + "provider to the program as ASP.NET Core does, and use app.MapFleet(…).RequireAuthorization(…) with "
                    + ".WithFleetRoles(…).");
        }
    }

    /// <summary>Whoever starts a fleet for the first time learns here why nobody is let in.</summary>
    private async Task LookForKeysAsync(CancellationToken ct)
    {
        try
        {
            var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
            if (!await services.GetRequiredService<GetKeys>().AnyIsValidAsync(now, ct))
                LogNoKeys();
        }
        catch (Exception e) when (services.GetRequiredService<IStorage>().IsOutage(e))
        {
            // It is no reason not to start; others tell of the outage.
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "There is no valid API key, so the API lets nobody in. Make the first one in the database itself: "
            + "fleet key create NAME --role admin --database")]
    private partial void LogNoKeys();

    private static string? FindTooFar(IServiceProvider services) =>
        services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(url => !Loopback.Is(url));

    /// <summary>Says that anyone may call an endpoint.</summary>
    public sealed class OpenToAnyone;
}
