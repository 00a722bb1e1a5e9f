using Fleet.Core.Actors;
using Fleet.Core.Lanes;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Transport;

/// <summary>A paused lane and a drained worker among several processes on RabbitMQ and PostgreSQL.</summary>
public sealed class PausedLanesTests(RabbitMqServer server, PostgresServer postgres) : IAsyncLifetime
{
    private static readonly Actor Alex = Actor.Create(ActorKind.Person, "alex");

    private VirtualHost _broker = null!;
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await server.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await postgres.DropDatabaseAsync(_database);
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Pause_ThreeWorkers_OneStartsLaterAndOneHearsNoMessage_NobodyClaims_ResumeLosesNothing()
    {
        var script = Script.Of(_ => { });
        await using var one = await StartAsync(script);
        await using var two = await StartAsync(script);
        Assert.Equal(RunState.Succeeded, (await one.WaitAsync(await one.Client.EnqueueAsync(new Scripted("before")))).State);

        // Past the verb, so that no control message says it: the heartbeat finds it.
        await PauseSilentlyAsync(one);
        await ConfirmedAsync(one, workers: 2);
        await using var three = await StartAsync(script);
        await ConfirmedAsync(one, workers: 3);
        var waiting = await two.Client.EnqueueManyAsync(Enumerable.Range(0, 300).Select(i => new Scripted($"{i}")).ToArray());
        await _broker.PublishAsync("default", """{"job":"test.scripted","args":{"word":"pasted"}}""");
        await Waiting.UntilAsync(async () => (await FigureAsync(one)).Ready.Value == 300);
        Assert.Equal(1, script.Calls);

        await two.Services.GetRequiredService<PauseLanes>().ResumeAsync("default", Alex, expected: null, CancellationToken.None);

        foreach (var id in waiting)
            Assert.Equal(RunState.Succeeded, (await one.WaitAsync(id)).State);
        await Waiting.UntilAsync(() => script.Calls == 302);
    }

    /// <summary>The worker's subscription is lost and made anew while the lane is paused and resumed: neither state may stick.</summary>
    [Fact]
    public async Task Pause_BrokerLostWhilePausedAndResumed_WorkerClaimsAgain()
    {
        await using var proxy = new TcpProxy(new Uri(_broker.Uri).Port);
        var script = Script.Of(_ => { });
        await using var other = await StartAsync(script);
        var through = _broker.Uri.Replace($":{new Uri(_broker.Uri).Port}/", $":{proxy.Port}/", StringComparison.Ordinal);
        Assert.NotEqual(_broker.Uri, through);
        var own = Script.Of(_ => { });
        await using var fleet = await StartAsync(own, through, "Worker:Lanes:far=2");
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(await EnqueueAsync())).State);
        var lanes = other.Services.GetRequiredService<PauseLanes>();

        await lanes.PauseAsync("far", until: null, "moving", Alex, expected: null, CancellationToken.None);
        await Waiting.UntilAsync(async () => await FigureAsync(other, "far") is { IsPaused: true, UnconfirmedWorkers: 0 });
        proxy.Cut();
        var waiting = await EnqueueAsync();
        await lanes.ResumeAsync("far", Alex, expected: null, CancellationToken.None);
        // The worker has heard of the resume by its heartbeat, and has no broker.
        await Waiting.UntilAsync(async () => await FigureAsync(other, "far") is { IsPaused: false, UnconfirmedWorkers: 0 });
        proxy.Mend();

        Assert.Equal(RunState.Succeeded, (await other.WaitAsync(waiting)).State);
        Assert.Equal(RunState.Succeeded, (await other.WaitAsync(await EnqueueAsync())).State);
        Assert.Equal(3, own.Calls);

        Task<RunId> EnqueueAsync() => other.Client.EnqueueAsync(new Scripted("far"), new EnqueueOptions { Lane = "far" });
    }

    [Fact]
    public async Task Drain_OneOfTwo_TheOtherTakesAll()
    {
        var (ofOne, ofTwo) = (Script.Of(_ => { }), Script.Of(_ => { }));
        await using var one = await StartAsync(ofOne);
        await using var two = await StartAsync(ofTwo);
        var worker = one.Services.GetRequiredService<Fleet.Engine.Workers.WorkerIdentity>().Id;
        await two.Services.GetRequiredService<DrainWorkers>().DrainAsync(worker, "kernel", Alex, CancellationToken.None);
        var workers = two.Services.GetRequiredService<GetWorkers>();
        await Waiting.UntilAsync(async () => (await workers.FindAsync(worker, CancellationToken.None))!.State == "drained");
        var before = ofOne.Calls;

        var ids = await one.Client.EnqueueManyAsync(Enumerable.Range(0, 200).Select(i => new Scripted($"{i}")).ToArray());

        foreach (var id in ids)
            Assert.Equal(RunState.Succeeded, (await two.WaitAsync(id)).State);
        Assert.Equal((before, 200), (ofOne.Calls, ofTwo.Calls));
    }

    private static async Task PauseSilentlyAsync(EmbeddedFleet fleet)
    {
        await fleet.Storage.WriteAsync(
            session => session.Db.Lanes.Where(l => l.Name == "default").ExecuteUpdateAsync(
                set => set.SetProperty(l => l.PausedSince, TimeProvider.System.GetUtcNow()).SetProperty(l => l.PausedBy, Alex)),
            CancellationToken.None);
    }

    private static Task ConfirmedAsync(EmbeddedFleet fleet, int workers) => Waiting.UntilAsync(
        async () => await FigureAsync(fleet) is { IsPaused: true, UnconfirmedWorkers: 0 } figure && figure.Workers == workers);

    private static async Task<LaneFigure> FigureAsync(EmbeddedFleet fleet, string lane = "default") =>
        (await fleet.Services.GetRequiredService<LaneFigures>().FindAsync(lane, CancellationToken.None))!.Value;

    private Task<EmbeddedFleet> StartAsync(
        Script script, string? broker = null, params string[] settings) => ScriptedFleet.StartAsync(
        script,
        settings:
        [
            .. settings,
            "Storage:Provider=Postgres", $"Storage:ConnectionString={_database};Pooling=true",
            "Transport:Provider=RabbitMq", $"Transport:Uri={broker ?? _broker.Uri}", "Worker:Lanes:default=4",
            "Worker:Heartbeat=00:00:00.3",
        ]);
}
