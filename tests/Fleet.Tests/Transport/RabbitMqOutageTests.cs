using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Transport;

/// <summary>A broker that dies, on a server of its own: nobody else's test may meet it.</summary>
public sealed class RabbitMqOutageTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly RabbitMqServer _server = new();
    private readonly Channel<RunId> _ready = Channel.CreateUnbounded<RunId>();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Broker_KilledAndStartedAgain_TheLaneAndTheBeltGoOn()
    {
        var broker = await _server.CreateHostAsync();
        var host = await StartAsync(broker);
        var transport = new Wire(host.Services);
        await using var subscription = await SubscribeAsync(transport);
        await using var control = await transport.SubscribeControlAsync((_, _) => Task.CompletedTask, default);
        var (before, belted, after) = (Id(), Id(), Id());
        await transport.SendReadyAsync("default", [before], default);
        Assert.Equal(before, await NextAsync());
        await transport.SendReadyAtAsync(1, [new("default", belted, TimeProvider.System.GetUtcNow().AddSeconds(2))], default);

        await _server.KillAsync();

        // A send fails soon, and by an exception.
        await Assert.ThrowsAnyAsync<Exception>(() => transport.SendReadyAsync("default", [Id()], default))
            .WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Null(await transport.CountWaitingAsync("default", default));
        var health = host.Services.GetRequiredService<HealthCheckService>();
        await Waiting.UntilAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Unhealthy);

        await _server.RunAsync();

        // It came over the restart; a broker that was just killed may keep it waiting until Reconcile, so the others do not wait for it.
        await Waiting.UntilAsync(async () =>
        {
            try
            {
                await transport.SendReadyAsync("default", [after], default);
                return true;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                return false;
            }
        });
        var seen = new HashSet<RunId>();
        while (!seen.Contains(after) || !seen.Contains(belted))
            seen.Add(await NextAsync());
        await Waiting.UntilAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy);
        await StopAsync(host);
    }

    [Fact]
    public async Task Broker_DownAtTheStart_TheProcessStartsAndListensOnceItIsUp()
    {
        var broker = await _server.CreateHostAsync();
        await _server.KillAsync();
        var host = await StartAsync(broker);
        var transport = new Wire(host.Services);
        await using var subscription = await SubscribeAsync(transport);

        await _server.RunAsync();

        var id = Id();
        await Waiting.UntilAsync(async () => (await broker.QueuesAsync()).Contains("fleet.default", StringComparer.Ordinal));
        await transport.SendReadyAsync("default", [id], default);
        Assert.Equal(id, await NextAsync());
        await StopAsync(host);
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private async Task<RunId> NextAsync() => await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit);

    private Task<IAsyncDisposable> SubscribeAsync(Wire transport) => transport.SubscribeAsync(
        "default",
        8,
        new LaneHandlers(
            (ids, _) =>
            {
                foreach (var id in ids)
                    _ready.Writer.TryWrite(id);
                return Task.CompletedTask;
            },
            (_, _) => Task.CompletedTask),
        default);

    private static async Task<IHost> StartAsync(VirtualHost broker)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddHealthChecks().Services
            .AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(broker.Uri, TimeSpan.FromSeconds(30))!);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task StopAsync(IHost host)
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
