using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Transport;

/// <summary>A broker that is short of memory, on a server of its own: it blocks everybody.</summary>
public sealed class BrokerAlarmTests : IAsyncLifetime
{
    private readonly RabbitMqServer _server = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Alarm_OfMemory_HealthSaysSoInTimeAndEverythingGoesOnAfter()
    {
        var broker = await _server.CreateHostAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System)
            .AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(broker.Uri, TimeSpan.FromSeconds(30))!);
        var host = builder.Build();
        await host.StartAsync();
        var transport = new Wire(host.Services);
        var health = host.Services.GetRequiredService<HealthCheckService>();
        async Task<HealthReportEntry> CheckAsync() => (await health.CheckHealthAsync(check => check.Name == "broker")).Entries["broker"];
        var id = RunId.New(TimeProvider.System.GetUtcNow());
        await transport.SendReadyAsync("default", [id], default);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        await _server.ControlAsync("set_vm_memory_high_watermark", "0.0000001");

        // The alarm goes up some moments after.
        await Waiting.UntilAsync(async () => (await CheckAsync()).Status != HealthStatus.Healthy);
        var blocked = await CheckAsync();
        Assert.Equal((HealthStatus.Degraded, "broker blocked: memory"), (blocked.Status, blocked.Description));
        // Far below the ten seconds that anything else asked of the broker may take.
        Assert.InRange(blocked.Duration, TimeSpan.Zero, TimeSpan.FromSeconds(5));

        await _server.ControlAsync("set_vm_memory_high_watermark", "0.4");

        await Waiting.UntilAsync(async () => (await CheckAsync()).Status == HealthStatus.Healthy);
        await transport.SendReadyAsync("default", [id], default);
        Assert.Equal(2, await transport.CountWaitingAsync("default", default));
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
