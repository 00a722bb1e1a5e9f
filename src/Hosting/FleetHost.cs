using System.Globalization;
using Fleet.Api;
using Fleet.Core.Setup;
using Fleet.Core.Text;
using Fleet.Engine.Workers;
using Fleet.Hosting.Addresses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Fleet.Hosting;

/// <summary>What the hosts of all Fleet processes have in common.</summary>
public static class FleetHost
{
    public const string ApiUrlsKey = "Fleet:Api:Urls";

    /// <summary>Where the API listens unless <see cref="ApiUrlsKey"/> says otherwise: on this machine only.</summary>
    public const string DefaultApiUrls = "http://127.0.0.1:8710";

    /// <summary>Makes numbers and dates read alike on every machine, whatever its language.</summary>
    public static void UseInvariantCulture() => CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture
        = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;

    /// <summary>Sets culture, log format, the API's address, and a stop that is longer than the worker's drain; trims the native
    /// heap.</summary>
    /// <param name="builder">The host to be.</param>
    /// <param name="apiUrls">Where to listen unless <see cref="ApiUrlsKey"/> says otherwise.</param>
    /// <param name="option">The option of the command line that sets the port, if there is one.</param>
    public static WebApplicationBuilder UseFleetDefaults(
        this WebApplicationBuilder builder, string apiUrls = DefaultApiUrls, string? option = null)
    {
        UseInvariantCulture();
        KnownSettings.Check(builder.Configuration);
        builder.WebHost.UseUrls(builder.Configuration[ApiUrlsKey] ?? apiUrls);
        builder.Services.AddSingleton(
            new AddressSetting($"Choose another with {(option is null ? "" : $"{option} or ")}{ApiUrlsKey}."));
        // The slim builder of a worker leaves it out.
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(BadRequestAnswers.Prepare);
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(console => console.FormatterName = LineFormatter.FormatterName)
            .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>(console => console.IncludeScopes = true);
        // Why a host did not start is said once, by RunToEndAsync.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("MassTransit", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning);
        // A value that is no duration is refused by the worker, in words.
        var drain = Durations.TryParse(builder.Configuration["Fleet:Worker:Drain"], out var given)
            ? given
            : TimeSpan.FromSeconds(30);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = drain + WorkerOptions.StopReserve);
        builder.Services.AddHostedService<NativeHeap>();
        // Before the configuration is bound, which may say otherwise.
        builder.Services.Configure<WorkerOptions>(worker => worker.GrowThreadPool = true);
        return builder;
    }

    /// <summary>Builds a host, and puts the request gate and the answers to errors in front of its pipeline. The schema is checked
    /// meanwhile, before the transport and the rest are made.</summary>
    public static WebApplication BuildFleet(this WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.Services.GetRequiredService<SchemaAtStart>();
        return app.UseFleetGate().UseFleetPathBase().UseFleetProblems();
    }

    /// <summary>Runs a host to its end.</summary>
    /// <returns>The exit code: 0 after an orderly stop, 1 with a line on stderr when the start failed for a reason that a person can
    /// mend.</returns>
    public static async Task<int> RunToEndAsync(
        Func<WebApplication> build, Func<WebApplication, CancellationToken, Task>? whileRunning = null)
    {
        try
        {
            await using var app = build();
            await app.StartAsync();
            if (whileRunning is not null)
                await whileRunning(app, app.Lifetime.ApplicationStopping);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { } reason)
        {
            await Console.Error.WriteLineAsync("fleet: " + ControlCharacters.EscapeLines(Secrets.Hide(reason)));
            return 1;
        }
    }

    /// <summary>A failure that a person can mend, in words; null for any other.</summary>
    public static string? Explain(Exception e) => e switch
    {
        // Taken since it was checked.
        IOException when e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException =>
            string.Create(CultureInfo.InvariantCulture, $"{e.Message.TrimEnd('.')}. Choose another with {ApiUrlsKey}."),
        _ => StartRefusal.Explain(e),
    };
}
