using System.Text;
using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Transport;

/// <summary>Two fleets that share a virtual host by mistake: each refuses the messages of the other and says what to do.</summary>
public sealed class TwoFleetsTests(RabbitMqServer server) : IAsyncLifetime
{
    private const string Problem = "another fleet (b7ad6b716920333100f067aa0ba902b7) uses the virtual host";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly LogRecorder _log = new();
    private readonly Channel<RunId> _ready = Channel.CreateUnbounded<RunId>();
    private VirtualHost _broker = null!;
    private IHost _own = null!;
    private IHost _other = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await server.CreateHostAsync();
        (_own, _other) = (await StartAsync(TestFleet.Identity, _log), await StartAsync(TestFleet.Other, new LogRecorder()));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in new[] { _own, _other })
        {
            if (host is null)
                continue;
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Nudges_OfAnotherFleet_AreDroppedAndReportedOnce()
    {
        await using var subscription = await SubscribeAsync(_own);
        var (foreign, own) = (new Wire(_other.Services), Id());
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        await foreign.SendReadyAsync("default", [Id()], default);
        await foreign.SendEarlyAsync("default", [Id()], default);
        await foreign.SendReadyAtAsync(1, [new("default", Id(), TimeProvider.System.GetUtcNow())], default);
        await Waiting.UntilAsync(async () => await new Wire(_own.Services).CountWaitingAsync("default", default) == 0);
        await new Wire(_own.Services).SendReadyAsync("default", [own], default);

        Assert.Equal(own, await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit));
        Assert.False(_ready.Reader.TryRead(out _));
        Assert.Contains("Give each fleet a virtual host of its own", Assert.Single(_log.Warnings(Problem)), StringComparison.Ordinal);
        Assert.Null(await _broker.TryTakeAsync("fleet.parked"));
        var health = await CheckAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains(Problem, health.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_OfAnotherFleet_IsIgnoredAndReported()
    {
        var heard = Channel.CreateUnbounded<ControlMessage>();
        await using var subscription = await new Wire(_own.Services).SubscribeControlAsync(
            (message, _) => heard.Writer.WriteAsync(message, CancellationToken.None).AsTask(), default);
        var (foreign, own) = (Id(), Id());

        await new Wire(_other.Services).PublishControlAsync(new ControlMessage(CancelRuns: [foreign]), default);
        await Waiting.UntilAsync(() => _log.Warnings(Problem).Count == 1);
        await new Wire(_own.Services).PublishControlAsync(new ControlMessage(CancelRuns: [own], SchedulesChanged: true), default);

        var message = await heard.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal(own, Assert.Single(message.CancelRuns!));
        Assert.True(message.SchedulesChanged);
        Assert.False(heard.Reader.TryRead(out _));
    }

    [Theory]
    [InlineData("""{"ids":["0193a5d0-0000-7000-8000-000000000001"]}""")]
    [InlineData("""{"fleet":null,"ids":["0193a5d0-0000-7000-8000-000000000001"]}""")]
    [InlineData("""
        {"messageType":["urn:message:N"],
         "message":{"fleet":"0af7651916cd43dd8448eb211c80319c","ids":["0193a5d0-0000-7000-8000-000000000001"]}}
        """)]
    public async Task Nudge_WrittenByHand_IsTaken(string body)
    {
        await using var subscription = await SubscribeAsync(_own);

        await _broker.PublishAsync("default", body);

        Assert.Equal("0193a5d0-0000-7000-8000-000000000001", $"{await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit)}");
        Assert.Empty(_log.Warnings("another fleet"));
    }

    [Fact]
    public async Task Nudge_OnTheWire_HasTheDocumentedForm()
    {
        var (ready, early) = (Id(), Id());

        await new Wire(_own.Services).SendReadyAsync("default", [ready], default);
        await new Wire(_own.Services).SendEarlyAsync("default", [early], default);

        Assert.Equal($$"""{"fleet":"0af7651916cd43dd8448eb211c80319c","ids":["{{ready}}"]}""", await TakeAsync());
        Assert.Equal($$"""{"fleet":"0af7651916cd43dd8448eb211c80319c","ids":["{{early}}"],"early":true}""", await TakeAsync());

        async Task<string> TakeAsync() => Encoding.UTF8.GetString((await _broker.TakeAsync("fleet.default")).Body);
    }

    [Fact]
    public async Task IsForeignAsync_NoForeignMessageForAWhile_TheProblemIsOver()
    {
        var (time, log) = (new FakeTimeProvider(Verbs.Noon), new LogRecorder());
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        var problems = new BrokerProblems(factory.CreateLogger<BrokerProblems>());
        var settings = RabbitMqSettings.TryParse("amqp://127.0.0.1/shared", TimeSpan.FromSeconds(30))!;
        await using var fleets = new ForeignFleets(TestFleet.Identity, settings, problems, time);
        var other = await TestFleet.Other.GetAsync(default);

        Assert.False(await fleets.IsForeignAsync(null, default));
        Assert.False(await fleets.IsForeignAsync(await TestFleet.Identity.GetAsync(default), default));
        Assert.Empty(problems.All);
        Assert.True(await fleets.IsForeignAsync(other, default));
        time.Advance(ForeignFleets.Quiet / 2);
        Assert.True(await fleets.IsForeignAsync("a third\nfleet", default));
        time.Advance(ForeignFleets.Quiet / 2);
        Assert.Contains("'shared'", Assert.Single(problems.All).Text, StringComparison.Ordinal);
        time.Advance(ForeignFleets.Quiet / 2);
        Assert.Empty(problems.All);

        await fleets.IsForeignAsync(other, default);

        Assert.Single(problems.All);
        Assert.Equal(2, log.Warnings(Problem).Count);
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private async Task<HealthReportEntry> CheckAsync() =>
        (await _own.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == "broker")).Entries["broker"];

    private Task<IAsyncDisposable> SubscribeAsync(IHost host) => new Wire(host.Services).SubscribeAsync(
        "default",
        8,
        new LaneHandlers(
            (ids, _) =>
            {
                foreach (var id in ids)
                    _ready.Writer.TryWrite(id);
                return Task.CompletedTask;
            },
            (_, _) => throw new MessageRefusedException("Nothing is submitted here."))
        {
            HasRoom = _ => true,
        },
        default);

    private async Task<IHost> StartAsync(FleetIdentity identity, LogRecorder log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!);
        log.AddTo(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
