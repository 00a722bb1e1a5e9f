using Fleet.Cli.Dev;
using Fleet.Core.Leadership;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Leader;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Hosting;

/// <summary>Hosts that nobody stops before they are disposed, as after a failed start and in many tests.</summary>
public sealed class DisposedHostTests(RabbitMqServer rabbit, PostgresServer postgres) : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_NotStopped_EndsTheLoops_AndTheWorkerAndTheLeaderLeave(bool onRabbitMq)
    {
        await using var broker = onRabbitMq ? await rabbit.CreateHostAsync() : null;
        var host = Build(
            settings: broker is null ? [] : [new("Fleet:Transport:Provider", "RabbitMq"), new("Fleet:Transport:Uri", broker.Uri)]);
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IFleetClient>();
        Assert.Equal(RunState.Succeeded, (await client.WaitAsync(await client.EnqueueAsync(new Scripted())))!.State);
        await Waiting.UntilAsync(() => host.Services.GetRequiredService<LeaderElection>().Term is not null);

        await DisposeAsync(host);

        await AssertGoneAsync();
        AssertQuiet();
    }

    [Fact]
    public async Task Dispose_RunUnderWay_IsGivenBackWithoutCountingTheAttempt()
    {
        var script = new Script(call => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Token));
        var host = Build(script);
        await host.StartAsync();
        var id = await host.Services.GetRequiredService<IFleetClient>().EnqueueAsync(new Scripted());
        await script.StartedAsync(id);

        await DisposeAsync(host);

        await using var db = await AssertGoneAsync();
        var run = await db.Runs.SingleAsync(r => r.Id == id);
        Assert.Equal((RunState.Pending, 0), (run.State, run.Attempt - run.AttemptOffset));
    }

    [Fact]
    public async Task Dispose_Twice_AndStoppedAfterwards_DoesNothingMore()
    {
        var host = Build();
        await host.StartAsync();
        await host.StopAsync();
        await host.StopAsync();

        await DisposeAsync(host);
        host.Dispose();
        await DisposeAsync(host);

        AssertQuiet();
        Assert.Single(_log.Lines, line => line.Contains(" has stopped.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dispose_NotStopped_OnPostgres_IsQuiet()
    {
        List<KeyValuePair<string, string?>> settings =
        [
            new("Fleet:Storage:Provider", "Postgres"),
            new("Fleet:Storage:ConnectionString", await postgres.CreateEmptyDatabaseAsync()),
        ];
        var host = Build(settings: settings);
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IFleetClient>();
        Assert.Equal(RunState.Succeeded, (await client.WaitAsync(await client.EnqueueAsync(new Scripted())))!.State);

        await DisposeAsync(host);

        AssertQuiet();
        await using var db = Build(settings: settings).Services.GetRequiredService<IStorage>().Read();
        Assert.Equal(WorkerState.Gone, (await db.Workers.SingleAsync()).State);
    }

    /// <summary>Another part of the program fails after Fleet has started: the host disposes what runs.</summary>
    [Fact]
    public async Task Dispose_StartFailedElsewhere_TheWorkerLeaves()
    {
        var host = Build(services: services => services.AddHostedService<Faulty>());
        await Assert.ThrowsAsync<NotSupportedException>(() => host.StartAsync());

        await DisposeAsync(host);

        await AssertGoneAsync();
        Assert.DoesNotContain(_log.Lines, line => line.Contains(nameof(ObjectDisposedException), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dispose_NeverStarted_SaysNothing()
    {
        var app = DevHost.Build(_folder.Path, port: 0, builder => _log.AddTo(builder.Services));

        await app.DisposeAsync();

        Assert.Empty(_log.Lines);
    }

    /// <summary>MassTransit warns when it stops a bus that it has not started.</summary>
    [Theory]
    [InlineData("InMemory")]
    [InlineData("RabbitMq")]
    public async Task Dispose_StartRefused_MassTransitSaysNothing(string transport)
    {
        var host = Build(
            settings: [new("Fleet:Transport:Provider", transport), new("Fleet:Transport:Uri", "amqp://127.0.0.1:1")],
            fleet: fleet => fleet.AddConsumers(_ => { }).MigratesAtStart(false));
        await Assert.ThrowsAsync<FleetStartException>(() => host.StartAsync());

        await DisposeAsync(host);

        Assert.DoesNotContain(_log.Lines, line => line.Contains("bus", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task DisposeAsync(IHost host) => await ((IAsyncDisposable)host).DisposeAsync();

    private async Task<FleetDbContext> AssertGoneAsync()
    {
        var db = Build().Services.GetRequiredService<IStorage>().Read();
        var worker = await db.Workers.SingleAsync();
        Assert.Equal(WorkerState.Gone, worker.State);
        Assert.DoesNotContain(
            await db.Leases.ToListAsync(), l => l.Name != FleetIdentity.RowName && l.ExpiresAt > TimeProvider.System.GetUtcNow());
        return db;
    }

    private void AssertQuiet() => Assert.All(
        _log.Lines, line => Assert.StartsWith("Information: ", line, StringComparison.Ordinal));

    private IHost Build(
        Script? script = null, Action<FleetBuilder>? fleet = null, Action<IServiceCollection>? services = null,
        IEnumerable<KeyValuePair<string, string?>>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Services.AddLogging().AddSingleton<ILoggerProvider>(_log).AddSingleton(script ?? new Script(_ => Task.CompletedTask));
        builder.AddFleet(fleet ?? (f => f.AddJobs(jobs => jobs.Add<ScriptedJob>())));
        services?.Invoke(builder.Services);
        return builder.Build();
    }

    private sealed class Faulty : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
