using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Fleet.Tests.Transport;

public sealed class RabbitMqConformanceTests(RabbitMqServer server) : TransportConformance
{
    private VirtualHost? _broker;

    protected override async Task AddToAsync(IServiceCollection services)
    {
        _broker ??= await server.CreateHostAsync();
        services.AddSingleton(TestFleet.Identity)
            .AddFleetRabbitMqTransport(RabbitMqSettings.TryParse(_broker.Uri, TimeSpan.FromSeconds(30))!);
    }

    [Fact]
    public async Task SendEarlyAsync_ListenerHasRoom_NeedNotWaitInTheLane()
    {
        await using var lane = await FillLaneAsync(hasRoom: true);
        var early = Ids(1);

        await Transport.SendEarlyAsync("default", early, default);

        Assert.Equal(early[0], (await ReceiveAsync(1))[0].Id);
        Assert.Equal(Lane.Behind, await Transport.CountWaitingAsync("default", default));
    }

    [Fact]
    public async Task SendEarlyAsync_ListenerHasNoRoom_WaitsBehindTheOthers()
    {
        await using var lane = await FillLaneAsync(hasRoom: false);
        var early = Ids(1);

        await Transport.SendEarlyAsync("default", early, default);

        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == Lane.Behind + 1);
        lane.Open();
        var received = await ReceiveAsync(Lane.Nudges + 1);
        Assert.DoesNotContain(early[0], received.Take(Lane.Behind).Select(r => r.Id));
        Assert.Equal(1, lane.Asked);
    }

    [Fact]
    public async Task SendEarlyAsync_NobodyListensYet_WaitsInTheLane()
    {
        var ids = Ids(1);
        await Transport.SendEarlyAsync("default", ids, default);
        Assert.Equal(1, await Transport.CountWaitingAsync("default", default));

        await using var subscription = await SubscribeAsync();

        Assert.Equal(ids[0], (await ReceiveAsync(1))[0].Id);
    }

    [Fact]
    public async Task SendEarlyAsync_NobodyListensAnyMore_WaitsInTheLane()
    {
        await DeclareAsync();
        var ids = Ids(1);

        await Transport.SendEarlyAsync("default", ids, default);

        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == 1);
        await using var subscription = await SubscribeAsync();
        Assert.Equal(ids[0], (await ReceiveAsync(1))[0].Id);
    }

    [Fact]
    public async Task SendEarlyAsync_RefusedByTheBroker_WaitsInTheLane()
    {
        await DeclareAsync();
        await server.SendAsync(
            HttpMethod.Put,
            $"api/policies/{_broker!.Name}/full",
            new Dictionary<string, object>
            {
                ["pattern"] = "^fleet.default:early$",
                ["apply-to"] = "queues",
                ["definition"] = new Dictionary<string, object> { ["max-length"] = 0, ["overflow"] = "reject-publish" },
            });
        await Waiting.UntilAsync(
            async () =>
                (await server.SendAsync(
                    HttpMethod.Get, $"api/queues/{_broker.Name}/fleet.default:early"))!["policy"]?.GetValue<string>() == "full");

        await Transport.SendEarlyAsync("default", Ids(1), default);

        Assert.Equal(1, await Transport.CountWaitingAsync("default", default));
    }

    [Fact]
    public async Task SendEarlyAsync_ListenerDiesWithIt_WaitsInTheLane()
    {
        await DeclareAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker!.Uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var consumer = new AsyncEventingBasicConsumer(channel);
        var taken = new TaskCompletionSource();
        consumer.ReceivedAsync += (_, _) =>
        {
            taken.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync("fleet.default:early", autoAck: false, consumer);
        await Transport.SendEarlyAsync("default", Ids(1), default);
        await taken.Task.WaitAsync(Limit);
        Assert.Equal(0, await Transport.CountWaitingAsync("default", default));

        await connection.AbortAsync();

        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == 1);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
    }

    /// <summary>Has the queue of early nudges declared by a listener that is gone.</summary>
    private async Task DeclareAsync()
    {
        var handlers = Handlers((_, _) => Task.CompletedTask) with { HasRoom = _ => true };
        await (await Transport.SubscribeAsync("default", 8, handlers, default)).DisposeAsync();
    }

    /// <summary>Has a listener hold as many nudges as it takes at once, and others wait behind them.</summary>
    private async Task<Lane> FillLaneAsync(bool hasRoom)
    {
        var lane = new Lane(hasRoom);
        var handlers = Handlers(async (ids, _) =>
        {
            await lane.Opened;
            Receive(ids);
        });
        lane.Subscription = await Transport.SubscribeAsync(
            "default",
            8,
            handlers with
            {
                OnEarly = (ids, _) =>
                {
                    Receive(ids);
                    return Task.CompletedTask;
                },
                HasRoom = lane.HasRoom,
            },
            default);
        for (var i = 0; i < Lane.Nudges; i++)
            await Transport.SendReadyAsync("default", Ids(1), default);
        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == Lane.Behind);
        return lane;
    }

    private sealed class Lane(bool hasRoom) : IAsyncDisposable
    {
        /// <summary>How many nudges come, and how many of them the listener does not take before others are handled.</summary>
        public const int Nudges = 24, Behind = Nudges - 8;

        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public IAsyncDisposable? Subscription { get; set; }

        public Task Opened => _opened.Task;

        /// <summary>How often the listener was asked for room.</summary>
        public int Asked => Volatile.Read(ref _asked);

        public bool HasRoom(int runs)
        {
            Interlocked.Increment(ref _asked);
            return hasRoom;
        }

        public void Open() => _opened.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            Open();
            if (Subscription is not null)
                await Subscription.DisposeAsync();
        }
    }
}
