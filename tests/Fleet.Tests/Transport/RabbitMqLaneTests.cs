using System.Text;
using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace Fleet.Tests.Transport;

/// <summary>What only a broker can do: messages from outside, parking, belts that outlive their sender, dead copies, restarts.</summary>
public sealed class RabbitMqLaneTests(RabbitMqServer server) : IAsyncLifetime
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Channel<RunId> _ready = Channel.CreateUnbounded<RunId>();
    private readonly Channel<SubmittedRun> _submitted = Channel.CreateUnbounded<SubmittedRun>();
    private VirtualHost _broker = null!;
    private IHost _host = null!;

    private Wire Transport => new Wire(_host.Services);

    public async ValueTask InitializeAsync()
    {
        _broker = await server.CreateHostAsync();
        _host = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await StopAsync(_host);
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    public static TheoryData<string, object?> Submits => new()
    {
        { """{"job":"note","args":{"text":"a"}}""", null },
        { """{"job":"note","args":{"text":"a"}}""", new { content_type = "application/json" } },
        { """{"job":"note","args":{"text":"a"}}""", new { content_type = "text/plain" } },
        { "\uFEFF{\"Job\":\"note\",\"args\":{\"text\":\"a\"},\"whoever\":[1]}", null },
        {
            """
            {"messageId":"0193a5d0-0000-7000-8000-000000000001","messageType":["urn:message:Any:Submit"],
             "message":{"job":"note","args":{"text":"a"}}}
            """,
            new { content_type = "application/vnd.masstransit+json" }
        },
    };

    [Theory]
    [MemberData(nameof(Submits))]
    public async Task Submit_RawOrInAnEnvelope_ReachesTheHandler(string body, object? properties)
    {
        await using var subscription = await SubscribeAsync();

        Assert.True(await _broker.PublishAsync("default", body, properties));

        var run = await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal(("default", "note", """{"text":"a"}"""), (run.Lane, run.Job, run.Args));
    }

    [Fact]
    public async Task Submit_WithEverything_CarriesItAll()
    {
        await using var subscription = await SubscribeAsync();

        await _broker.PublishAsync(
            "default",
            """{"job":"note","lane":"other","delay":"PT5M","tags":["a"],"maxAttempts":3}""",
            new { message_id = "0193A5D0-0000-7000-8000-000000000002", headers = new { traceparent = Trace } });

        var run = await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal(("{}", Trace, "msg:0193a5d0-0000-7000-8000-000000000002"), (run.Args, run.TraceParent, run.Options.IdempotencyKey));
        Assert.Equal(
            ("other", TimeSpan.FromMinutes(5), 3, "a"),
            (run.Options.Lane, run.Options.Delay, run.Options.MaxAttempts, Assert.Single(run.Options.Tags!)));
    }

    [Theory]
    [InlineData("", "The body is empty")]
    [InlineData("{\"job\":", "not valid JSON at line 1, byte 8")]
    [InlineData("\"\xff\"", "a string")]
    [InlineData("[1,2]", "an array")]
    [InlineData("{\"jab\":\"note\"}", "neither 'ids'")]
    [InlineData("{\"ids\":[\"x\"]}", "ids[0]")]
    [InlineData("{\"job\":7}", "job: expected a string")]
    [InlineData("{\"job\":\"note\",\"args\":[]}", "args: expected a JSON object")]
    [InlineData("{\"job\":\"note\",\"delay\":\"soon\"}", "delay: 'soon'")]
    [InlineData("{\"job\":\"note\",\"tags\":[1]}", "tags[0]")]
    [InlineData("{\"job\":\"refused\"}", "refused: by the test")]
    [InlineData("{\"messageType\":[],\"message\":[]}", "message: it is an array")]
    public async Task Bad_Message_IsParkedAsItCameAndTheLaneGoesOn(string body, string reason)
    {
        await using var subscription = await SubscribeAsync();
        var bytes = Encoding.UTF8.GetBytes(body);

        await _broker.PublishAsync(
            "default", bytes, new { content_type = "text/x", expiration = "30000", headers = new { mine = "kept" } });
        await _broker.PublishAsync("default", """{"job":"note"}""");

        await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        var parked = await _broker.TakeAsync("fleet.parked");
        Assert.Equal(bytes, parked.Body);
        Assert.Contains(reason, parked.Header("fleet-reason"), StringComparison.Ordinal);
        Assert.Equal(
            ("kept", "default", "text/x"),
            (parked.Header("mine"), parked.Header("fleet-lane"), parked.Properties["content_type"]!.GetValue<string>()));
        Assert.Null(parked.Properties["expiration"]);
        Assert.True(DateTimeOffset.TryParse(parked.Header("fleet-parked-at"), out _));
        // Nothing of MassTransit's own, such as _error or _skipped.
        Assert.Equal(["fleet.default", "fleet.parked"], await _broker.QueuesAsync());
        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == 0);
    }

    [Fact]
    public async Task Bad_TenMegabytes_IsParkedAndTheLaneGoesOn()
    {
        await using var subscription = await SubscribeAsync();
        var bytes = new byte[10 * 1024 * 1024];
        Random.Shared.NextBytes(bytes);

        // The management interface takes no more than 10 MB itself.
        await using (var connection = await new ConnectionFactory { Uri = new Uri(_broker.Uri) }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true)))
            await channel.BasicPublishAsync("fleet.lanes", "default", mandatory: true, bytes);
        await _broker.PublishAsync("default", """{"job":"note"}""");

        await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        var parked = await _broker.TakeAsync("fleet.parked");
        Assert.True(bytes.AsSpan().SequenceEqual(parked.Body));
        Assert.Contains("10485760 bytes", parked.Header("fleet-reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_GivenBackTooOften_IsParkedByTheBroker()
    {
        await Transport.SendReadyAsync("default", [Id()], default);
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker.Uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();

        await Waiting.UntilAsync(async () =>
        {
            if (await channel.BasicGetAsync("fleet.default", autoAck: false) is { } message)
                await channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true);
            return await channel.MessageCountAsync("fleet.parked") == 1;
        });

        Assert.Contains("ids", Encoding.UTF8.GetString((await _broker.TakeAsync("fleet.parked")).Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_DatabaseAway_ComesAgainAndIsNotParked()
    {
        var calls = 0;
        await using var subscription = await Transport.SubscribeAsync(
            "default",
            8,
            new LaneHandlers((_, _) => Task.CompletedTask, (run, _) =>
            {
                _submitted.Writer.TryWrite(run);
                return Interlocked.Increment(ref calls) == 1 ? throw new IOException("no database") : Task.CompletedTask;
            }),
            default);

        await _broker.PublishAsync("default", """{"job":"note"}""", new { message_id = "0193a5d0-0000-7000-8000-000000000003" });

        var first = await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        var second = await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        Assert.Equal("msg:0193a5d0-0000-7000-8000-000000000003", first.Options.IdempotencyKey);
        Assert.Equal(first.Options.IdempotencyKey, second.Options.IdempotencyKey);
    }

    [Fact]
    public async Task Subscription_DisposedInAPause_LeavesTheMessageToOthersAtOnce()
    {
        var entered = new TaskCompletionSource();
        var failing = await Transport.SubscribeAsync(
            "default",
            8,
            new LaneHandlers(
                (_, _) =>
                {
                    entered.TrySetResult();
                    throw new IOException("no database");
                },
                (_, _) => Task.CompletedTask),
            default);
        var id = Id();
        await Transport.SendReadyAsync("default", [id], default);
        await entered.Task.WaitAsync(Limit);

        await failing.DisposeAsync();

        await using var subscription = await SubscribeAsync();
        Assert.Equal(id, await NextAsync());
    }

    [Fact]
    public async Task SendReadyAsync_BeforeAnyWorker_WaitsInTheQueue()
    {
        var id = Id();
        await Transport.SendReadyAsync("default", [id], default);
        Assert.Equal(1, await Transport.CountWaitingAsync("default", default));

        await using var subscription = await SubscribeAsync();

        Assert.Equal(id, await NextAsync());
    }

    [Fact]
    public async Task SendReadyAsync_QueueDeleted_DeclaresItAnew()
    {
        await Transport.SendReadyAsync("default", [Id()], default);
        await _broker.DeleteAsync("fleet.default");
        var id = Id();

        await Transport.SendReadyAsync("default", [id], default);

        await using var subscription = await SubscribeAsync();
        Assert.Equal(id, await NextAsync());
    }

    [Fact]
    public async Task Belt_SenderGone_DeliversAtTheTime()
    {
        var sender = await StartAsync();
        var due = new DelayedNudge("default", Id(), TimeProvider.System.GetUtcNow().AddSeconds(2));
        await new Wire(sender.Services).SendReadyAtAsync(1, [due], default);
        await StopAsync(sender);
        Assert.True(TimeProvider.System.GetUtcNow() < due.DueAt, "The sender took too long to stop.");

        await using var subscription = await SubscribeAsync();

        Assert.Equal(due.Id, await NextAsync());
        Assert.InRange((TimeProvider.System.GetUtcNow() - due.DueAt).TotalSeconds, 0, 1.5);
    }

    [Fact]
    public async Task Belt_PredecessorsNudgesLieThere_AreNotWaitedFor()
    {
        var predecessor = await StartAsync();
        var now = TimeProvider.System.GetUtcNow();
        // One on each of the four.
        for (var i = 4; i > 0; i--)
            await new Wire(predecessor.Services)
                .SendReadyAtAsync(1, [new("default", Id(), now.AddSeconds(20 + i))], default);
        await StopAsync(predecessor);
        await using var subscription = await SubscribeAsync();
        var due = new DelayedNudge("default", Id(), TimeProvider.System.GetUtcNow().AddSeconds(1));

        await Transport.SendReadyAtAsync(2, [due], default);

        Assert.Equal(due.Id, await NextAsync());
        Assert.InRange((TimeProvider.System.GetUtcNow() - due.DueAt).TotalSeconds, 0, 1.5);
    }

    [Fact]
    public async Task PublishDeadAsync_Run_LeavesItsCopy()
    {
        var run = new DeadRun(Id(), "note", "default", """{"text":"a"}""", 4, "boom", "T", Verbs.Noon);

        await Transport.PublishDeadAsync(run, default);

        var copy = await _broker.TakeAsync("fleet.default.dead");
        Assert.Equal(
            $$"""{"id":"{{run.Id}}","job":"note","lane":"default","args":{"text":"a"},"attempt":4,"error":"boom","errorType":"T","""
                + "\"failedAt\":\"2026-11-22T12:00:00+00:00\"}",
            Encoding.UTF8.GetString(copy.Body));
    }

    [Fact]
    public async Task PublishEventAsync_BoundQueue_GetsItByName()
    {
        await Transport.PublishEventAsync(new EventMessage(Guid.CreateVersion7(Verbs.Noon), "order.none", "{}", null, null), default);
        await server.SendAsync(HttpMethod.Put, $"api/queues/{_broker.Name}/listener", new { durable = true });
        await server.SendAsync(HttpMethod.Post, $"api/bindings/{_broker.Name}/e/fleet.events/q/listener", new { routing_key = "order.*" });
        var id = Guid.CreateVersion7(Verbs.Noon);

        await Transport.PublishEventAsync(new EventMessage(id, "order.paid", """{"id":1}""", Id(), Trace), default);

        var message = await _broker.TakeAsync("listener");
        Assert.Equal("""{"id":1}""", Encoding.UTF8.GetString(message.Body));
        Assert.Equal((id.ToString(), Trace), (message.Properties["message_id"]!.GetValue<string>(), message.Header("traceparent")));
    }

    [Fact]
    public async Task CountWaitingAsync_WithManagement_SeesWhatWorkersHold()
    {
        var counting = await StartAsync(server.ManagementUri);
        var release = new TaskCompletionSource();
        await using (await Transport.SubscribeAsync(
            "default", 8, new LaneHandlers((_, _) => release.Task, (_, _) => Task.CompletedTask), default))
        {
            await Transport.SendReadyAsync("default", [Id()], default);

            await Waiting.UntilAsync(
                async () => await new Wire(counting.Services).CountWaitingAsync("default", default) == 1
                && await Transport.CountWaitingAsync("default", default) == 0);
            release.SetResult();
        }

        await StopAsync(counting);
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private async Task<RunId> NextAsync() => await _ready.Reader.ReadAsync().AsTask().WaitAsync(Limit);

    private Task<IAsyncDisposable> SubscribeAsync() => Transport.SubscribeAsync(
        "default",
        8,
        new LaneHandlers(
            (ids, _) =>
            {
                foreach (var id in ids)
                    _ready.Writer.TryWrite(id);
                return Task.CompletedTask;
            },
            (run, _) =>
            {
                if (run.Job == "refused")
                    throw new MessageRefusedException("refused: by the test");
                _submitted.Writer.TryWrite(run);
                return Task.CompletedTask;
            }),
        default);

    private async Task<IHost> StartAsync(Uri? management = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System)
            .AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30), management)!);
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
