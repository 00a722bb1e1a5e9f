using Fleet.Api.Access;
using Fleet.ApiDocs;
using Fleet.Core.Storage;
using Fleet.Hosting;
using Fleet.Hosting.Health;
using Fleet.Oidc;
using Fleet.Samples;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Cli.Dev;

/// <summary>Fleet in one process: scheduler, worker and API on a SQLite file and in-memory lanes.</summary>
public static class DevHost
{
    /// <param name="dataDirectory">Holds <c>fleet.db</c>, and <c>appsettings.json</c> if you write one; read again when it changes.</param>
    /// <param name="port">Of the API on 127.0.0.1; 0 takes a free one. Null: as <c>Fleet:Api:Urls</c> says.</param>
    /// <param name="configure">Adds jobs, schedules and services.</param>
    /// <param name="settings">Settings that win over files and environment.</param>
    /// <param name="withSamples">Adds the sample jobs and their schedules.</param>
    /// <param name="withToken">Turns access on, with a key of its own: see <see cref="DevToken"/>.</param>
    public static WebApplication Build(
        string dataDirectory,
        int? port,
        Action<WebApplicationBuilder>? configure = null,
        IEnumerable<KeyValuePair<string, string?>>? settings = null,
        bool withSamples = false,
        bool withToken = false)
    {
        var data = Path.GetFullPath(dataDirectory);
        Directory.CreateDirectory(data);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = data });
        builder.Configuration.Sources.Clear();
        builder.Configuration
            .AddInMemoryCollection(
                [new("Fleet:Worker:Diagnostics", "true"), new(AccessOptions.Setting, "off"), new(DocsPage.Setting, "on")])
            .AddJsonFile("appsettings.json", optional: true, reloadOnChange: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings ?? []);
        if (port is not null)
            builder.Configuration[FleetHost.ApiUrlsKey] = $"http://127.0.0.1:{port}";
        if (withToken)
            builder.Configuration[AccessOptions.Setting] = "on";
        builder.UseFleetDefaults(option: "--port").AddFleet(fleet =>
        {
            if (fleet.IsStoredInFile())
            {
                fleet.UseSqlite(
                    builder.Configuration[$"{StorageOptions.Section}:ConnectionString"] ?? $"Data Source={Path.Combine(data, "fleet.db")}");
            }

            // Their tables must be there when the worker starts.
            if (withSamples)
                fleet.Services.AddFleetSamples(builder.Configuration, data);
        });
        builder.Services.AddFleetHealth().AddFleetOidc(builder.Configuration);
        // After the start of Fleet, which makes the tables.
        if (withToken)
            builder.Services.AddSingleton<DevToken>().AddHostedService(services => services.GetRequiredService<DevToken>());
        configure?.Invoke(builder);
        var app = builder.BuildFleet();
        app.MapFleet("").RequireFleetKeys();
        app.MapFleetDocs().MapFleetHealth();
        if (withSamples)
            app.MapSampleEndpoints();
        return app;
    }
}
