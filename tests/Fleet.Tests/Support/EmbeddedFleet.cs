using Fleet.Cli.Dev;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Support;

/// <summary>The embedded Fleet in the test's process: real SQLite file, real in-memory lanes, real Kestrel on a free port.</summary>
public sealed class EmbeddedFleet : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TempFolder? _ownFolder;

    private EmbeddedFleet(WebApplication app, TempFolder? ownFolder)
    {
        _app = app;
        _ownFolder = ownFolder;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Http = new HttpClient { BaseAddress = new Uri(address) };
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public IFleetClient Client => Services.GetRequiredService<IFleetClient>();

    public IScheduleClient Schedules => Services.GetRequiredService<IScheduleClient>();

    public IStorage Storage => Services.GetRequiredService<IStorage>();

    /// <param name="configure">Adds jobs and services; a <see cref="TimeProvider"/> added here takes the place of the system's.</param>
    /// <param name="settings">Configuration, such as <c>Fleet:Worker:Drain</c>.</param>
    /// <param name="folder">The data folder; null makes one that goes away.</param>
    public static async Task<EmbeddedFleet> StartAsync(
        Action<IServiceCollection>? configure = null, IEnumerable<KeyValuePair<string, string?>>? settings = null,
        TempFolder? folder = null)
    {
        var own = folder is null ? new TempFolder() : null;
        var app = DevHost.Build(
            (folder ?? own)!.Path,
            port: 0,
            builder =>
            {
                builder.Logging.ClearProviders();
                configure?.Invoke(builder.Services);
            },
            settings);
        await app.StartAsync();
        return new EmbeddedFleet(app, own);
    }

    /// <summary>Waits for the end of a run; fails the test after 30 s, or the given time.</summary>
    public async Task<RunInfo> WaitAsync(RunId id, TimeSpan? longest = null)
    {
        using var limit = new CancellationTokenSource(longest ?? TimeSpan.FromSeconds(30));
        return (await Client.WaitAsync(id, limit.Token))!;
    }

    public Task<Run?> FindAsync(RunId id) => Services.GetRequiredService<GetRuns>().FindAsync(id, CancellationToken.None);

    /// <summary>Stops the process, which lets running work finish for a while.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _ownFolder?.Dispose();
    }
}
