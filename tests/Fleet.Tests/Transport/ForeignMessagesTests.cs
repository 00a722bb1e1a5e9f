using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.RabbitMqTransport.Configuration;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using IHost = Microsoft.Extensions.Hosting.IHost;

namespace Fleet.Tests.Transport;

/// <summary>Messages that others wrote, of any size and content: each is handled or parked once, and nothing that others share is taken
/// down.</summary>
public sealed class ForeignMessagesTests(RabbitMqServer server) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Channel<SubmittedRun> _submitted = Channel.CreateUnbounded<SubmittedRun>();
    private readonly ConcurrentQueue<string> _failures = new();
    private VirtualHost _broker = null!;
    private IHost _host = null!;
    private IAsyncDisposable? _subscription;

    private Wire Transport => new Wire(_host.Services);

    public async ValueTask InitializeAsync()
    {
        _broker = await server.CreateHostAsync();
        _host = await StartAsync();
        _subscription = await SubscribeAsync(Transport);
    }

    public async ValueTask DisposeAsync()
    {
        if (_subscription is not null)
            await _subscription.DisposeAsync();
        if (_host is not null)
            await StopAsync(_host);
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    public static TheoryData<string> HeaderKinds => ["one huge", "many", "many huge", "nested", "list", "bytes", "names", "trace"];

    [Theory]
    [MemberData(nameof(HeaderKinds))]
    public async Task Park_HeadersThatLeaveNoRoom_AreCutAndTheConnectionStays(string kind)
    {
        var connection = await ConnectionAsync();
        var headers = HeadersOf(kind);

        await PublishAsync("[3]"u8.ToArray(), headers);
        await _broker.PublishAsync("default", """{"job":"after"}""");

        Assert.Equal("after", (await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit)).Job);
        var parked = await _broker.TakeAsync("fleet.parked");
        Assert.Equal("[3]", Encoding.UTF8.GetString(parked.Body));
        Assert.Contains("The body is an array", parked.Header("fleet-reason"), StringComparison.Ordinal);
        Assert.Equal("default", parked.Header("fleet-lane"));
        Assert.NotNull(parked.Header("fleet-cut"));
        Assert.Null(await _broker.TryTakeAsync("fleet.parked"));
        Assert.True(connection.IsOpen);
        Assert.Same(connection, await ConnectionAsync());
    }

    [Fact]
    public async Task Submit_HeadersThatLeaveNoRoom_ComesAgainAfterAnError()
    {
        await PublishAsync("""{"job":"fails once"}"""u8.ToArray(), HeadersOf("one huge"));

        Assert.Equal("fails once", (await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit)).Job);
        Assert.Single(_failures);
    }

    /// <summary>Each text is as long as AMQP allows, and twice as long once its bytes were read as replacement characters.</summary>
    [Fact]
    public async Task Park_PropertiesThatAreNotUtf8_AreCut()
    {
        var connection = await ConnectionAsync();
        byte[] text = [255, .. Enumerable.Repeat((byte)0xFF, 255)];
        // Content type, content encoding, headers, correlation id, reply to, message id, type, app id.
        const ushort Flags = 0x8000 | 0x4000 | 0x2000 | 0x0400 | 0x0200 | 0x0080 | 0x0020 | 0x0008;
        byte[] properties =
            [.. text, .. text, .. RawPublisher.Table([.. text, (byte)'S', .. RawPublisher.Long(text)]), .. text, .. text, .. text, .. text,
                .. text];

        await RawPublisher.PublishAsync(_broker.Uri, "default", Flags, properties, "[3]"u8.ToArray());

        Assert.Contains("The body is an array", (await _broker.TakeAsync("fleet.parked")).Header("fleet-reason"), StringComparison.Ordinal);
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task Submit_ErrorThatNobodyExpects_IsTriedAFewTimesAndParkedOnceWithTheReason()
    {
        await _broker.PublishAsync("default", """{"job":"fails always"}""");

        var parked = await _broker.TakeAsync("fleet.parked");
        Assert.Equal("""{"job":"fails always"}""", Encoding.UTF8.GetString(parked.Body));
        Assert.Contains("failed 4 times since", parked.Header("fleet-reason"), StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException: nobody expected this", parked.Header("fleet-reason"), StringComparison.Ordinal);
        Assert.Equal(4, _failures.Count);
        Assert.Null(await _broker.TryTakeAsync("fleet.parked"));
        Assert.Contains("fleet.again.0", await _broker.QueuesAsync());
    }

    [Fact]
    public async Task Submit_ErrorsOfAnEarlierWorker_AreCounted()
    {
        await _broker.PublishAsync(
            "default", """{"job":"fails always"}""", new { headers = new Dictionary<string, object> { ["fleet-tries"] = 3 } });

        Assert.Contains("failed 4 times since", (await _broker.TakeAsync("fleet.parked")).Header("fleet-reason"), StringComparison.Ordinal);
        Assert.Single(_failures);
    }

    /// <summary>More messages fail than the listener takes at once; each waits a minute before it comes again.</summary>
    [Fact]
    public async Task Submit_ManyErrors_HoldNoPlace()
    {
        _host.Services.GetRequiredService<RabbitMqSettings>().Pauses = [TimeSpan.FromMinutes(1)];
        await using var other = await SubscribeAsync(Transport, "other");
        for (var i = 0; i < 20; i++)
            await _broker.PublishAsync("other", """{"job":"fails always"}""");
        await Waiting.UntilAsync(() => _failures.Count == 20);

        await _broker.PublishAsync("other", """{"job":"after"}""");

        Assert.Equal("after", (await _submitted.Reader.ReadAsync().AsTask().WaitAsync(Limit)).Job);
        await Waiting.UntilAsync(async () => await _broker.CountAsync("fleet.again.0") == 20);
    }

    [Fact]
    public async Task Nudge_ThatFailsAlways_IsLetGo()
    {
        var (calls, given) = (new Tally(), new TaskCompletionSource());
        var handlers = new LaneHandlers(
            (_, _) =>
            {
                calls.Add();
                throw new InvalidOperationException("nobody expected this");
            },
            (_, _) =>
            {
                given.TrySetResult();
                return Task.CompletedTask;
            });
        await using var other = await Transport.SubscribeAsync("other", 8, handlers, default);

        await Transport.SendReadyAsync("other", [RunId.New(TimeProvider.System.GetUtcNow())], default);

        await calls.ReachesAsync(4);
        await _broker.PublishAsync("other", """{"job":"after"}""");
        await given.Task.WaitAsync(Limit);
        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("other", default) == 0);
        Assert.Equal(4, calls.Count);
    }

    [Fact]
    public async Task Publish_EventAboveTheBrokersLimit_IsRefusedAndNudgesGoOn()
    {
        var small = new RabbitMqServer { Configuration = static _ => "max_message_size = 65536" };
        await using var stopped = small;
        var broker = await small.CreateHostAsync();
        var host = await StartAsync(broker);
        var transport = new Wire(host.Services);
        await transport.SendReadyAsync("default", [RunId.New(TimeProvider.System.GetUtcNow())], default);
        var connection = await ConnectionAsync(host);

        Task Publish(int bytes) => transport.PublishEventAsync(
            new EventMessage(Guid.NewGuid(), "order.paid", $"\"{new string('x', bytes)}\"", null, null), default);
        var events = new[] { 10, 100_000, 10, 100_000, 10 }.Select(Publish).ToList();

        foreach (var (sent, i) in events.Select((e, i) => (e, i)))
        {
            if (i % 2 == 0)
            {
                await sent;
                continue;
            }

            var error = await Assert.ThrowsAnyAsync<Exception>(() => sent);
            Assert.Contains("the broker takes up to 65536", error.Message, StringComparison.Ordinal);
            Assert.False(transport.IsOutage(error));
        }

        await transport.SendReadyAsync("default", [RunId.New(TimeProvider.System.GetUtcNow())], default);
        Assert.Same(connection, await ConnectionAsync(host));
        await StopAsync(host);
    }

    [Fact]
    public async Task SendConsumerMessage_HeadersLargerThanAFrame_IsRefusedBeforeItHurts()
    {
        var row = new OutboxMessage
        {
            MessageId = Guid.NewGuid(),
            Body = "{}",
            Destination = "exchange:fleet.default",
            Envelope = JsonSerializer.Serialize(
                new { ContentType = "application/json", MessageTypes = new[] { "x" }, Headers = new string('x', 131_000) }),
        };

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Transport.SendConsumerMessageAsync(row, default));

        Assert.Contains("headers have 131000 bytes", error.Message, StringComparison.Ordinal);
        Assert.False(Transport.IsOutage(error));
    }

    [Fact]
    public async Task Send_LaneIsFull_FailsForThatLaneAloneAndAtOnce()
    {
        await Transport.SendReadyAsync("full", [Id()], default);
        await server.SetPolicyAsync(_broker, "^fleet.full$", new() { ["max-length"] = 1 }, "fleet.full");
        // A quorum queue takes one or two more than its limit.
        await Waiting.UntilAsync(async () => await FailsAsync(() => Transport.SendReadyAsync("full", [Id()], default)));

        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => Task.WhenAll(Enumerable.Range(0, 300).Select(_ => Transport.SendReadyAsync("full", [Id()], default))));

        Assert.Contains("it may be full", error.Message, StringComparison.Ordinal);
        Assert.False(Transport.IsOutage(error));
        await Transport.SendReadyAsync("other", [Id()], default);
        await _broker.PurgeAsync("fleet.full");
        await Waiting.UntilAsync(async () => !await FailsAsync(() => Transport.SendReadyAsync("full", [Id()], default)));
    }

    private static RunId Id() => RunId.New(TimeProvider.System.GetUtcNow());

    private static async Task<bool> FailsAsync(Func<Task> send)
    {
        try
        {
            await send();
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            return true;
        }
    }

    private static Dictionary<string, object?> HeadersOf(string kind) => kind switch
    {
        "one huge" => new() { ["big"] = new string('x', 130_900) },
        "many" => Enumerable.Range(0, 7_705).ToDictionary(i => $"h{i:00000}", object? (i) => "value"),
        "many huge" => Enumerable.Range(0, 16).ToDictionary(i => $"h{i}", object? (_) => new string('x', 8_170)),
        "nested" => new()
        {
            ["deep"] = Enumerable.Range(0, 200)
                .Aggregate(new Dictionary<string, object?> { ["x"] = 1 }, (inner, _) => new() { ["x"] = inner }),
        },
        "list" => new() { ["list"] = Enumerable.Repeat((object?)"0123456789", 8_728).ToList() },
        "bytes" => new() { ["bytes"] = new byte[130_900] },
        "names" => Enumerable.Range(0, 500).ToDictionary(i => new string('n', 250) + $"{i:000}", object? (_) => true),
        _ => new() { ["traceparent"] = new string('0', 130_900) },
    };

    private static async Task<IConnection> ConnectionAsync(IHost host)
    {
        IConnection? connection = null;
        await ((IRabbitMqHostConfiguration)host.Services.GetRequiredService<IBusInstance>().HostConfiguration)
            .ConnectionContextSupervisor.Send(
            Pipe.ExecuteAsync<ConnectionContext>(context =>
            {
                connection = context.Connection;
                return Task.CompletedTask;
            }),
            default);
        return connection!;
    }

    private Task<IConnection> ConnectionAsync() => ConnectionAsync(_host);

    private async Task PublishAsync(byte[] body, Dictionary<string, object?> headers)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker.Uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.BasicPublishAsync("fleet.lanes", "default", mandatory: true, new BasicProperties { Headers = headers }, body);
    }

    private Task<IAsyncDisposable> SubscribeAsync(Wire transport, string lane = "default") => transport.SubscribeAsync(
        lane,
        8,
        new LaneHandlers(
            (_, _) => Task.CompletedTask,
            (run, _) =>
            {
                if (run.Job == "fails always" || (run.Job == "fails once" && _failures.IsEmpty))
                {
                    _failures.Enqueue(run.Job);
                    throw new InvalidOperationException("nobody expected this");
                }

                _submitted.Writer.TryWrite(run);
                return Task.CompletedTask;
            }),
        default);

    private async Task<IHost> StartAsync(VirtualHost? broker = null)
    {
        var settings = RabbitMqSettings.TryParse((broker ?? _broker).Uri, TimeSpan.FromSeconds(30))!;
        settings.Pauses = [.. Enumerable.Repeat(TimeSpan.FromMilliseconds(20), 3)];
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(settings);
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
