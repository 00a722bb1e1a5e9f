using System.Collections.Concurrent;
using System.Text;
using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;

namespace Fleet.Tests.Transport;

/// <summary>Processes of Fleet on RabbitMQ and PostgreSQL, each a host of its own in the test's process.</summary>
public sealed class RabbitMqFleetTests(RabbitMqServer server, PostgresServer postgres) : IAsyncLifetime
{
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
    public async Task Runs_TwoWorkers_ShareThemAndLeaveOneEffectEach()
    {
        var bothAtWork = new CountdownEvent(2);
        await using var one = await StartAsync(Meeting(bothAtWork), "Worker:Lanes:default=4");
        await using var two = await StartAsync(Meeting(bothAtWork), "Worker:Lanes:default=4");

        // One nudge for 64 runs: who gets it has room for four, and gives the others on.
        var shared = await one.Client.EnqueueManyAsync(Enumerable.Range(0, 64).Select(i => new Scripted($"{i}")).ToArray());
        var ledger = await two.Client.EnqueueManyAsync(Enumerable.Range(0, 1000).Select(i => new Ledger($"{i}")).ToArray());
        var delayed = await one.Client.EnqueueAsync(new Ledger("delayed"), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });

        foreach (var id in shared.Concat(ledger).Append(delayed))
            Assert.Equal(RunState.Succeeded, (await one.WaitAsync(id)).State);
        Assert.Equal((1001, 1001), await CountLedgerAsync());
    }

    /// <summary>A mistake, but no run is lost: what one fleet takes from the other is nudged again.</summary>
    [Fact]
    public async Task Runs_TwoFleetsOnOneVirtualHost_AllEndInTheirOwnFleetAndBothSaySo()
    {
        var database = await postgres.CreateDatabaseAsync();
        try
        {
            var (executed, foreign) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
            await using var one = await StartAsync(_database, Noting(executed), "Worker:Lanes:default=4", "Scheduler:Rescue=00:00:00.1");
            await using var two = await StartAsync(database, Noting(foreign), "Worker:Lanes:default=4", "Scheduler:Rescue=00:00:00.1");

            var ids = await one.Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(i => new Scripted($"one {i}")).ToArray());
            var others = await two.Client.EnqueueManyAsync(Enumerable.Range(0, 20).Select(i => new Scripted($"two {i}")).ToArray());

            // Each nudge meets either fleet by chance, and a run is nudged again at most every 30 s.
            var longest = Reconcile.Repeat * 10;
            foreach (var id in ids)
                Assert.Equal(RunState.Succeeded, (await one.WaitAsync(id, longest)).State);
            foreach (var id in others)
                Assert.Equal(RunState.Succeeded, (await two.WaitAsync(id, longest)).State);
            Assert.All(executed, key => Assert.StartsWith("one ", key, StringComparison.Ordinal));
            Assert.All(foreign, key => Assert.StartsWith("two ", key, StringComparison.Ordinal));
            Assert.Equal((20, 20), (executed.Count, foreign.Count));
            // Whether a nudge met the wrong fleet is chance. A control message reaches both.
            foreach (var fleet in new[] { one, two })
                await new Wire(fleet.Services).PublishControlAsync(new ControlMessage(SchedulesChanged: true), default);
            foreach (var fleet in new[] { one, two })
            {
                var problems = fleet.Services.GetRequiredService<BrokerProblems>();
                await Waiting.UntilAsync(() => problems.All.Any(p => p.Text.StartsWith("another fleet", StringComparison.Ordinal)));
            }
        }
        finally
        {
            await postgres.DropDatabaseAsync(database);
        }
    }

    [Fact]
    public async Task Worker_Listening_TakesEarlyNudgesPastItsLane()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }), "Worker:Lanes:default=4", "Worker:Lanes:mail=4");

        var queues = await _broker.QueuesAsync();

        Assert.Contains("fleet.default:early", queues);
        Assert.Contains("fleet.mail:early", queues);
    }

    [Fact]
    public async Task Nudge_OfMoreRunsThanTheWorkerHasSlots_GoesOnToTheIdle()
    {
        // None of them ends before all of them run.
        using var atWork = new CountdownEvent(NudgePublisher.MaxIds);
        var script = new Script(async _ =>
        {
            atWork.Signal();
            await Waiting.UntilAsync(() => atWork.IsSet);
        });
        await using var small = await StartAsync(script, "Worker:Lanes:default=2");
        var ids = await small.Client.EnqueueManyAsync(
            Enumerable.Range(0, NudgePublisher.MaxIds).Select(i => new Scripted($"{i}")).ToArray());
        await Waiting.UntilAsync(() => atWork.CurrentCount == NudgePublisher.MaxIds - 2);

        await using var idle = await StartAsync(script, $"Worker:Lanes:default={NudgePublisher.MaxIds - 2}");

        foreach (var id in ids)
            Assert.Equal(RunState.Succeeded, (await small.WaitAsync(id)).State);
    }

    [Fact]
    public async Task Message_PastedOnTheLane_BecomesARunOnce()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }), "Worker:Lanes:default=4");
        var once = new { message_id = "0193a5d0-0000-7000-8000-000000000009" };

        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"key":"pasted"}}""");
        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"key":"pasted"}}""");
        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"key":"once"}}""", once);
        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"key":"once"}}""", once);
        await _broker.PublishAsync("default", """{"job":"diag.leger","args":{"key":"a"}}""");
        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"kay":"a"}}""");
        await _broker.PublishAsync("default", """{"job":"diag.ledger","args":{"key":"a"},"maxAttempts":0}""");

        await Waiting.UntilAsync(async () => await CountLedgerAsync() == (3, 3));
        var reasons = new StringBuilder();
        for (var i = 0; i < 3; i++)
            reasons.AppendLine((await _broker.TakeAsync("fleet.parked")).Header("fleet-reason"));
        Assert.Contains("did you mean 'diag.ledger'", $"{reasons}", StringComparison.Ordinal);
        Assert.Contains("args.kay: job 'diag.ledger' takes no such argument; did you mean 'key'?", $"{reasons}", StringComparison.Ordinal);
        Assert.Contains("maxAttempts: '0'", $"{reasons}", StringComparison.Ordinal);
        Assert.Equal((3, 3), await CountLedgerAsync());
    }

    [Fact]
    public async Task Messages_GoodBetweenBad_RunAndTheBadAreParkedWithTheirReasons()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }), "Worker:Lanes:default=4");
        static string Ledger(string key, string more = "") => $$"""{"job":"diag.ledger","args":{"key":"{{key}}"}{{more}}}""";
        (string Body, object? Properties)[] good =
        [
            (Ledger("bare"), null),
            (Ledger("typed"), new { content_type = "application/json" }),
            (Ledger("mistyped"), new { content_type = "application/octet-stream" }),
            (Ledger("named"), new { message_id = "0193a5d0-0000-7000-8000-00000000000a" }),
            (Ledger("oddly named"), new { message_id = "order 7" }),
            (Ledger("more", ""","sender":{"name":"shop"},"version":2"""), new { headers = new { shop = 1 } }),
        ];
        (byte[] Body, string Reason)[] bad =
        [
            ([], "The body is empty"),
            ("{\"job\":\"diag.ledger\",}"u8.ToArray(), "not valid JSON at line 1, byte 22"),
            ("[1,2]"u8.ToArray(), "The body is an array"),
            ("""{"job":"diag.nothing"}"""u8.ToArray(), "'diag.nothing'"),
            (Encoding.UTF8.GetBytes(Ledger(new string('x', 10_000_000))), "allowed are up to 1048576"),
        ];

        // The management interface takes no ten megabytes; a client does.
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker.Uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        for (var i = 0; i < good.Length; i++)
        {
            if (i < bad.Length)
                await channel.BasicPublishAsync("fleet.lanes", "default", mandatory: true, bad[i].Body);
            await _broker.PublishAsync("default", good[i].Body, good[i].Properties);
        }

        await Waiting.UntilAsync(async () => await CountLedgerAsync() == (good.Length, good.Length));
        var parked = new List<VirtualHost.Message>();
        while (parked.Count < bad.Length)
            parked.Add(await _broker.TakeAsync("fleet.parked"));
        foreach (var (body, reason) in bad)
            Assert.Contains(
                reason, Assert.Single(parked, message => message.Body.AsSpan().SequenceEqual(body)).Header("fleet-reason"),
                StringComparison.Ordinal);
        await using var db = fleet.Storage.Read();
        Assert.Equal(good.Length, await db.Runs.CountAsync(run => run.State == RunState.Succeeded));
    }

    [Fact]
    public async Task Run_FailsForGood_LeavesADeadCopy()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }), "Worker:Lanes:default=4");

        var id = await fleet.Client.EnqueueAsync(new Fail(Retryable: false));

        await Waiting.UntilAsync(async () => (await _broker.QueuesAsync()).Contains("fleet.default.dead", StringComparer.Ordinal));
        Assert.Contains(
            id.ToString(), Encoding.UTF8.GetString((await _broker.TakeAsync("fleet.default.dead")).Body), StringComparison.Ordinal);
        Assert.Equal(RunState.Failed, (await fleet.WaitAsync(id)).State);
    }

    /// <summary>Handlers that wait until both processes have one under way.</summary>
    private static Script Meeting(CountdownEvent both) => new(async call =>
    {
        if (call.Number == 1)
            both.Signal();
        await Waiting.UntilAsync(() => both.IsSet);
    });

    /// <summary>Handlers that note which runs they execute.</summary>
    private static Script Noting(ConcurrentQueue<string> executed) => Script.Of(call => executed.Enqueue(call.Word));

    private Task<EmbeddedFleet> StartAsync(Script script, params string[] settings) => StartAsync(_database, script, settings);

    private Task<EmbeddedFleet> StartAsync(string database, Script script, params string[] settings) => ScriptedFleet.StartAsync(
        script,
        settings:
        [
            "Storage:Provider=Postgres", $"Storage:ConnectionString={database};Pooling=true",
            "Transport:Provider=RabbitMq", $"Transport:Uri={_broker.Uri}",
            .. settings,
        ]);

    private async Task<(int Rows, int Runs)> CountLedgerAsync()
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*)::int, count(DISTINCT run_id)::int FROM fleet.diag_ledger", connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt32(0), reader.GetInt32(1));
    }
}
