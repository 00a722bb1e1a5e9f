using Fleet.Cli.Dev;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Load;

/// <summary>Fleet in this process on a SQLite file in a temporary folder, with the no-op job.</summary>
internal sealed class LoadHost : IAsyncDisposable
{
    private readonly string _data;
    private readonly WebApplication _app;

    private LoadHost(string data, WebApplication app)
    {
        _data = data;
        _app = app;
    }

    public IFleetClient Client => _app.Services.GetRequiredService<IFleetClient>();

    public Gauge Gauge => _app.Services.GetRequiredService<Gauge>();

    /// <param name="data">Folder of the file; null makes one.</param>
    /// <param name="withLane">False for a host that serves another lane, so that runs pile up.</param>
    public static async Task<LoadHost> StartAsync(string? data = null, bool withLane = true)
    {
        data ??= Directory.CreateTempSubdirectory("fleet-load").FullName;
        var lane = withLane ? "default" : "idle";
        var app = DevHost.Build(
            data, 0,
            builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Warning);
                builder.Services.AddSingleton<Gauge>().AddFleetJobs(jobs => jobs.Add<NoOpJob>());
            },
            [new($"Fleet:Worker:Lanes:{lane}", "256")]);
        await app.StartAsync();
        return new LoadHost(data, app);
    }

    /// <summary>Stops; the file stays.</summary>
    public async Task<string> StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        return _data;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_data, recursive: true);
    }
}
