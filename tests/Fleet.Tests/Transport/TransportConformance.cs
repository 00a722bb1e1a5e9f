using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.Transport;

/// <summary>What every transport must do, by the real clock.</summary>
public abstract class TransportConformance : IAsyncLifetime
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Channel<(RunId Id, DateTimeOffset At)> _received = Channel.CreateUnbounded<(RunId, DateTimeOffset)>();
    private IHost? _host;

    private protected Wire Transport => new Wire(_host!.Services);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Adds the transport; makes what it needs.</summary>
    protected abstract Task AddToAsync(IServiceCollection services);

    public async ValueTask InitializeAsync() => _host = await StartHostAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await StopHostAsync(_host);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task SendReadyAsync_Subscribed_DeliversTheIdsOnceOnItsLane()
    {
        await using var other = await Transport.SubscribeAsync(
            "other", 8, Handlers((_, _) => throw new InvalidOperationException()), default);
        await using var subscription = await SubscribeAsync();
        var (one, many) = (Ids(1), Ids(NudgePublisher.MaxIds));

        await Transport.SendReadyAsync("default", one, default);
        await Transport.SendReadyAsync("default", many, default);

        Assert.Equal([.. one.Concat(many).Order()], (await ReceiveAsync(1 + NudgePublisher.MaxIds)).Select(r => r.Id).Order());
        Assert.False(_received.Reader.TryRead(out _));
    }

    [Fact]
    public async Task SendEarlyAsync_Subscribed_IsToldFromOneThatIsReady()
    {
        var early = Channel.CreateUnbounded<RunId>();
        var handlers = Handlers((ids, _) =>
        {
            Receive(ids);
            return Task.CompletedTask;
        });
        await using var subscription = await Transport.SubscribeAsync(
            "default", 8,
            handlers with { OnEarly = (ids, _) => early.Writer.WriteAsync(Assert.Single(ids), CancellationToken.None).AsTask() }, default);
        var (first, second) = (Ids(1), Ids(1));

        await Transport.SendEarlyAsync("default", first, default);
        await Transport.SendReadyAsync("default", second, default);

        Assert.Equal(first[0], await early.Reader.ReadAsync().AsTask().WaitAsync(Limit));
        Assert.Equal(second[0], (await ReceiveAsync(1))[0].Id);
    }

    [Fact]
    public async Task SendReadyAtAsync_Delayed_ArrivesInDueOrderAndNotEarly()
    {
        await using var subscription = await SubscribeAsync();
        var due = Enumerable.Range(1, 5).Select(i => new DelayedNudge("default", Ids(1)[0], Now.AddMilliseconds(300 * i))).ToArray();

        await Transport.SendReadyAtAsync(1, due, default);

        var received = await ReceiveAsync(due.Length);
        Assert.Equal(due.Select(d => d.Id), received.Select(r => r.Id));
        Assert.All(due.Zip(received), pair => Assert.InRange((pair.Second.At - pair.First.DueAt).TotalSeconds, 0, 2));
    }

    [Fact]
    public async Task SendReadyAtAsync_EarlierOnePutLater_IsNotHeldUpByTheOther()
    {
        await using var subscription = await SubscribeAsync();
        var (late, soon, sooner) = (Delayed(5), Delayed(1.2), Delayed(0.6));

        await Transport.SendReadyAtAsync(1, [late], default);
        await Transport.SendReadyAtAsync(1, [soon], default);
        await Transport.SendReadyAtAsync(1, [sooner], default);

        var received = await ReceiveAsync(2);
        Assert.Equal([sooner.Id, soon.Id], received.Select(r => r.Id));
        Assert.True(received[1].At < late.DueAt);
        Assert.Equal(late.Id, (await ReceiveAsync(1))[0].Id);
    }

    [Fact]
    public async Task HoldReady_AnyOrder_ArrivesAtItsTime()
    {
        await using var subscription = await SubscribeAsync();
        var (late, soon, past) = (Delayed(1), Delayed(0.5), Delayed(-1));

        Transport.HoldReady([late, soon, past]);

        var received = await ReceiveAsync(3);
        Assert.Equal([past.Id, soon.Id, late.Id], received.Select(r => r.Id));
        Assert.True(received[2].At >= late.DueAt);
    }

    [Fact]
    public async Task PublishControlAsync_TwoListeners_BothHearIt()
    {
        var heard = Channel.CreateUnbounded<ControlMessage>();
        Func<ControlMessage, CancellationToken, Task> hear = (message, _) =>
            heard.Writer.WriteAsync(message, CancellationToken.None).AsTask();
        await using var one = await Transport.SubscribeControlAsync(hear, default);
        await using var two = await Transport.SubscribeControlAsync(hear, default);
        var ids = Ids(2);

        await Transport.PublishControlAsync(new ControlMessage(CancelRuns: ids, By: "person - Jürgen B"), default);

        for (var i = 0; i < 2; i++)
        {
            var message = await heard.Reader.ReadAsync().AsTask().WaitAsync(Limit);
            Assert.Equal(ids, message.CancelRuns);
            Assert.Equal("person - Jürgen B", message.By);
        }
    }

    [Fact]
    public async Task SubscribeAsync_HandlerThrows_TheNudgeComesAgainAfterAPause()
    {
        var calls = 0;
        await using var subscription = await Transport.SubscribeAsync(
            "default",
            8,
            Handlers((ids, _) =>
            {
                Receive(ids);
                return Interlocked.Increment(ref calls) <= 2 ? throw new IOException("no database") : Task.CompletedTask;
            }),
            default);
        var id = Ids(1);

        await Transport.SendReadyAsync("default", id, default);

        var received = await ReceiveAsync(3);
        Assert.All(received, r => Assert.Equal(id[0], r.Id));
        Assert.True(received[2].At - received[0].At > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task Subscription_Disposed_WaitsForTheCallUnderWayAndTakesNothingMore()
    {
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        var subscription = await Transport.SubscribeAsync(
            "default",
            8,
            Handlers(async (ids, _) =>
            {
                entered.TrySetResult();
                await leave.Task;
                Receive(ids);
            }),
            default);
        var ids = Ids(1);
        await Transport.SendReadyAsync("default", ids, default);
        await entered.Task.WaitAsync(Limit);

        var disposing = subscription.DisposeAsync().AsTask();
        await Transport.SendReadyAsync("default", Ids(1), default);
        Assert.False(disposing.IsCompleted);
        leave.SetResult();
        await disposing.WaitAsync(Limit);

        Assert.Equal(ids[0], (await ReceiveAsync(1))[0].Id);
        Assert.False(_received.Reader.TryRead(out _));
    }

    [Fact]
    public async Task CountWaitingAsync_AllHandled_IsNone()
    {
        await using (await SubscribeAsync())
        {
            await Transport.SendReadyAsync("default", Ids(1), default);
            await ReceiveAsync(1);
            await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == 0);
        }
    }

    protected static RunId[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => RunId.New(Now))];

    protected static DelayedNudge Delayed(double seconds) => new("default", Ids(1)[0], Now.AddSeconds(seconds));

    protected static LaneHandlers Handlers(Func<IReadOnlyList<RunId>, CancellationToken, Task> onReady) =>
        new(onReady, (_, _) => throw new MessageRefusedException("Nothing is submitted here."));

    /// <summary>Starts a process of its own on the same broker.</summary>
    protected async Task<IHost> StartHostAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System);
        await AddToAsync(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    protected static async Task StopHostAsync(IHost host)
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    protected Task<IAsyncDisposable> SubscribeAsync() => SubscribeAsync(Transport);

    private protected Task<IAsyncDisposable> SubscribeAsync(ILaneSource transport) => transport.SubscribeAsync(
        "default",
        8,
        Handlers((ids, _) =>
        {
            Receive(ids);
            return Task.CompletedTask;
        }),
        default);

    protected void Receive(IReadOnlyList<RunId> ids)
    {
        foreach (var id in ids)
            _received.Writer.TryWrite((id, Now));
    }

    protected async Task<IReadOnlyList<(RunId Id, DateTimeOffset At)>> ReceiveAsync(int count)
    {
        var received = new List<(RunId, DateTimeOffset)>();
        while (received.Count < count)
            received.Add(await _received.Reader.ReadAsync().AsTask().WaitAsync(Limit));
        return received;
    }
}
