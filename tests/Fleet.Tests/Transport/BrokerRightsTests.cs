using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Transport;

/// <summary>Users of the broker that may do less than Fleet asks for.</summary>
public sealed class BrokerRightsTests(RabbitMqServer server) : IAsyncLifetime
{
    private const string Nothing = "^$";
    private const string Everything = ".*";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Channel<RunId> _ready = Channel.CreateUnbounded<RunId>();
    private readonly LoggedWarnings _log = new();
    private VirtualHost _broker = null!;
    private IHost? _host;

    private Wire Transport => new Wire(_host!.Services);

    public async ValueTask InitializeAsync() => _broker = await server.CreateHostAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            await ((IAsyncDisposable)_host).DisposeAsync();
        }

        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Fact]
    public async Task MayNotConfigure_TopologyIsThere_EverythingWorksAndIsSaidOnce()
    {
        await ApplyAsync("default");
        await StartAsync(Nothing, Everything, Everything);
        await using var lane = await SubscribeAsync("default");
        await using var control = await Transport.SubscribeControlAsync((_, _) => Task.CompletedTask, default);
        var (now, early, later) = (Id(), Id(), Id());

        await Transport.SendReadyAsync("default", [now], default);
        await Transport.SendEarlyAsync("default", [early], default);
        await Transport.SendReadyAtAsync(1, [new("default", later, TimeProvider.System.GetUtcNow().AddSeconds(1))], default);
        await Transport.PublishEventAsync(new EventMessage(Guid.NewGuid(), "order.paid", "{}", null, null), default);
        await _broker.PublishAsync("default", "[3]");

        var seen = new HashSet<RunId>();
        while (seen.Count < 3)
            seen.Add(await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit));
        Assert.Equal(new HashSet<RunId> { now, early, later }, seen);
        Assert.Contains("array", (await _broker.TakeAsync("fleet.parked")).Header("fleet-reason"), StringComparison.Ordinal);
        Assert.True(await Transport.IsDrainedAsync("default", default));
        var health = await HealthAsync();
        Assert.Equal(HealthStatus.Healthy, health.Status);
        // The queue for control messages is this process's own, so nobody can have made it.
        Assert.StartsWith("no right to configure queue 'fleet.control.*'", health.Description, StringComparison.Ordinal);
        Assert.Equal([$"broker: {health.Description}"], _log.All.Where(l => l.StartsWith("broker:", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task MayNotConfigure_LaneIsMissing_IsNamedOnceAndTheOthersGoOn()
    {
        await ApplyAsync("default");
        await StartAsync(Nothing, Everything, Everything);
        await using var mail = await SubscribeAsync("mail");
        await using var lane = await SubscribeAsync("default");

        for (var i = 0; i < 3; i++)
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => Transport.SendReadyAsync("mail", [Id()], default));
            Assert.Contains("no right to configure queue 'fleet.mail'", error.Message, StringComparison.Ordinal);
        }

        var id = Id();
        await Transport.SendReadyAsync("default", [id], default);
        Assert.Equal(id, await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit));
        var health = await HealthAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("no right to configure queue 'fleet.mail'", health.Description, StringComparison.Ordinal);
        Assert.Single(_log.All, l => l.StartsWith("broker: no right to configure queue 'fleet.mail'", StringComparison.Ordinal));

        // Somebody with the right makes it.
        await ApplyAsync("mail");
        await Waiting.UntilAsync(async () => (await HealthAsync()).Status == HealthStatus.Healthy);
        await Waiting.UntilAsync(async () =>
        {
            await TrySendAsync("mail");
            return _ready.Reader.TryRead(out _);
        });
    }

    [Fact]
    public async Task MayNotConfigure_NothingIsThere_IsDown()
    {
        await StartAsync(Nothing, Everything, Everything);

        await Assert.ThrowsAnyAsync<Exception>(() => Transport.SendReadyAsync("default", [Id()], default));

        var health = await HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("no right to configure exchange 'fleet.lanes'", health.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MayNotWrite_IsDownAndNamed()
    {
        await ApplyAsync("default");
        await StartAsync(Everything, Nothing, Everything);

        var health = await HealthAsync();

        Assert.Equal(HealthStatus.Unhealthy, health.Status);
        Assert.Contains("no right to write to exchange 'fleet.lanes'", health.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MayNotRead_IsDegradedAndNamedOnce()
    {
        await ApplyAsync("default");
        await StartAsync(Nothing, Everything, Nothing);

        await using var lane = await SubscribeAsync("default");

        await Waiting.UntilAsync(async () => await HealthAsync() is { Status: HealthStatus.Degraded, Description: { } told }
            && told.Contains("no right to read queue 'fleet.default'", StringComparison.Ordinal));
        Assert.Single(_log.All, l => l.StartsWith("broker: no right to read queue 'fleet.default'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Queue_OfAnotherKind_IsNamedInHealth()
    {
        await server.SendAsync(HttpMethod.Put, $"api/queues/{_broker.Name}/fleet.default", new { durable = true });
        await StartAsync(Everything, Everything, Everything);

        await using var lane = await SubscribeAsync("default");

        await Waiting.UntilAsync(async () => (await HealthAsync()).Status == HealthStatus.Degraded);
        Assert.Contains("The queue 'fleet.default' exists with x-", (await HealthAsync()).Description, StringComparison.Ordinal);
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private async Task TrySendAsync(string lane)
    {
        try
        {
            await Transport.SendReadyAsync(lane, [Id()], default);
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            // A refusal stands for a moment.
        }
    }

    private async Task<HealthReportEntry> HealthAsync() =>
        (await _host!.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == "broker"))
            .Entries["broker"];

    private async Task ApplyAsync(string lane) =>
        await ApplyTopology.ExecuteAsync(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!, [lane], default);

    private Task<IAsyncDisposable> SubscribeAsync(string lane) => Transport.SubscribeAsync(
        lane,
        8,
        new LaneHandlers(
            (ids, _) =>
            {
                foreach (var id in ids)
                    _ready.Writer.TryWrite(id);
                return Task.CompletedTask;
            },
            (_, _) => Task.CompletedTask)
        {
            HasRoom = _ => true,
        },
        default);

    private async Task StartAsync(string configure, string write, string read)
    {
        var uri = await server.CreateUserAsync(_broker, configure, write, read);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.AddProvider(_log)).AddSingleton(TimeProvider.System)
            .AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(uri, TimeSpan.FromSeconds(30))!);
        _host = builder.Build();
        await _host.StartAsync();
    }
}
