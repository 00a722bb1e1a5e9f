using System.Threading.Channels;
using Fleet.Core.Lanes;
using Fleet.Core.Outbox;
using Fleet.Tests.Support;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Transport;

public sealed class InMemoryLaneTransportTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>No pause between two nudges here is longer, so a step after a timer was set ends it.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly ArmedTime _time = new(Verbs.Noon);
    private readonly Channel<(RunId Id, DateTimeOffset At)> _received = Channel.CreateUnbounded<(RunId, DateTimeOffset)>();
    private readonly Channel<FleetEvent> _events = Channel.CreateUnbounded<FleetEvent>();
    private IHost _host = null!;

    private Wire Transport => new Wire(_host.Services);

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton<TimeProvider>(_time).AddSingleton(_events);
        new FleetBuilder(builder.Services, builder.Configuration, folder: "")
            .UseInMemory().AddConsumers(bus => bus.AddConsumer<EventConsumer>()).Complete();
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    [Fact]
    public async Task SendReadyAsync_BeforeAnybodyListens_IsDroppedAndNotCounted()
    {
        // A nudge that was counted and lost would tell Reconcile for ever that the queue is not empty.
        await Transport.SendReadyAsync("default", Ids(1), default);
        Assert.Equal(long.MaxValue, await Transport.CountWaitingAsync("default", default));

        await using var subscription = await SubscribeAsync();

        Assert.Equal(0, await Transport.CountWaitingAsync("default", default));
        var ids = Ids(1);
        await Transport.SendReadyAsync("default", ids, default);
        await AssertReceivedAsync(ids);
    }

    [Fact]
    public async Task SendReadyAtAsync_Delayed_ArrivesAtItsTimeAndNotBefore()
    {
        await using var subscription = await SubscribeAsync();
        // The timer of the empty belt: the clock moves on for those that come after it.
        Assert.True(await _time.Armed.WaitAsync(Limit));
        var (soon, later) = (Ids(1), Ids(1));
        // Not in due order: a retry may be due before what is on the belt already.
        await Transport.SendReadyAtAsync(
            1, [new("default", later[0], Verbs.Noon.AddSeconds(20)), new("default", soon[0], Verbs.Noon.AddSeconds(10))], default);

        await AssertArrivesAsync(soon, Verbs.Noon.AddSeconds(10));
        await AssertArrivesAsync(later, Verbs.Noon.AddSeconds(20));
    }

    [Fact]
    public async Task Nudge_ThatFailsAlways_IsLetGo()
    {
        var (calls, bad) = (0, Ids(1));
        var handlers = new LaneHandlers(
            (ids, _) =>
            {
                if (ids[0] != bad[0])
                {
                    _received.Writer.TryWrite((ids[0], _time.GetUtcNow()));
                    return Task.CompletedTask;
                }

                Interlocked.Increment(ref calls);
                throw new InvalidOperationException("nobody expected this");
            },
            (_, _) => Task.CompletedTask);
        await using var subscription = await Transport.SubscribeAsync("default", 64, handlers, default);

        await Transport.SendReadyAsync("default", bad, default);

        await _time.AdvanceUntilAsync(() => Volatile.Read(ref calls) == 10);
        await Waiting.UntilAsync(async () => await Transport.CountWaitingAsync("default", default) == 0);
        // One that waits longer than the other would, if it came again.
        var later = Ids(1);
        await Transport.SendReadyAtAsync(1, [new("default", later[0], _time.GetUtcNow().AddSeconds(10))], default);
        await _time.AdvanceUntilAsync(() => _received.Reader.Count == 1);
        Assert.Equal(10, calls);
    }

    [Fact]
    public async Task SendReadyAtAsync_DueAlready_ArrivesWithoutTheClockMoving()
    {
        await using var subscription = await SubscribeAsync();
        var ids = Ids(1);

        await Transport.SendReadyAtAsync(1, [new("default", ids[0], Verbs.Noon)], default);

        await AssertReceivedAsync(ids);
    }

    [Fact]
    public async Task CountWaitingAsync_HandlerUnderWay_CountsUntilItReturns()
    {
        var (entered, leave) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        // 8 slots take two nudges at a time: the third enters when one of the others is done with.
        var subscription = await Transport.SubscribeAsync(
            "default",
            8,
            Handlers(async _ =>
            {
                entered.Release();
                await leave.WaitAsync(CancellationToken.None);
            }),
            default);
        for (var i = 0; i < 3; i++)
            await Transport.SendReadyAsync("default", Ids(1), default);
        Assert.True(await entered.WaitAsync(Limit) && await entered.WaitAsync(Limit));
        Assert.Equal(3, await Transport.CountWaitingAsync("default", default));

        leave.Release();

        Assert.True(await entered.WaitAsync(Limit));
        Assert.Equal(2, await Transport.CountWaitingAsync("default", default));
        leave.Release(2);
        // Disposing waits for the calls under way.
        await subscription.DisposeAsync();
        Assert.Equal(long.MaxValue, await Transport.CountWaitingAsync("default", default));
    }

    [Fact]
    public async Task SubscribeAsync_HandlerThrows_TheNudgeComesAgainAfterAPause()
    {
        var calls = 0;
        await using var subscription = await Transport.SubscribeAsync(
            "default",
            8,
            Handlers(ids =>
            {
                Receive(ids);
                return Interlocked.Increment(ref calls) == 1 ? throw new IOException("no database") : Task.CompletedTask;
            }),
            default);
        var ids = Ids(2);

        await Transport.SendReadyAsync("default", ids, default);

        await AssertReceivedAsync(ids);
        await AssertArrivesAsync(ids, Verbs.Noon.AddSeconds(1));
    }

    [Fact]
    public async Task PublishEventAsync_Consumer_ReceivesItWithItsMessageId()
    {
        var (message, run) = (Guid.CreateVersion7(Verbs.Noon), RunId.New(Verbs.Noon));

        await Transport.PublishEventAsync(new EventMessage(message, "order.paid", """{"id":1}""", run, TraceParent: null), default);

        Assert.Equal(
            new FleetEvent { Name = $"order.paid/{message}", Body = """{"id":1}""", RunId = run.Value },
            await _events.Reader.ReadAsync().AsTask().WaitAsync(Limit));
    }

    private static RunId[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => RunId.New(Verbs.Noon))];

    private Task<IAsyncDisposable> SubscribeAsync() => Transport.SubscribeAsync(
        "default",
        8,
        Handlers(ids =>
        {
            Receive(ids);
            return Task.CompletedTask;
        }),
        default);

    private static LaneHandlers Handlers(Func<IReadOnlyList<RunId>, Task> onReady) =>
        new((ids, _) => onReady(ids), (_, _) => throw new NotSupportedException());

    private void Receive(IReadOnlyList<RunId> ids)
    {
        foreach (var id in ids)
            _received.Writer.TryWrite((id, _time.GetUtcNow()));
    }

    private async Task AssertReceivedAsync(RunId[] ids)
    {
        foreach (var id in ids)
            Assert.Equal(id, (await _received.Reader.ReadAsync().AsTask().WaitAsync(Limit)).Id);
    }

    /// <summary>Moves the clock on for each timer that the belt sets, until a nudge arrives; it must not come before its time. What is on
    /// its way arrives without the clock.</summary>
    private async Task AssertArrivesAsync(RunId[] ids, DateTimeOffset due)
    {
        var arrived = new List<RunId>();
        await Waiting.UntilAsync(async () =>
        {
            if (_received.Reader.TryRead(out var nudge))
            {
                Assert.True(nudge.At >= due, $"Arrived at {nudge.At:O}, due at {due:O}.");
                arrived.Add(nudge.Id);
            }
            else if (await Transport.CountWaitingAsync("default", default) == 0 && _time.Armed.Wait(0))
            {
                _time.Advance(Step);
            }

            return arrived.Count == ids.Length;
        });

        Assert.Equal(ids.Order(), arrived.Order());
    }

    /// <summary>Tells when somebody has set a timer.</summary>
    private sealed class ArmedTime(DateTimeOffset start) : FakeTimeProvider(start)
    {
        public SemaphoreSlim Armed { get; } = new(0);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Armed.Release();
            return timer;
        }
    }

    private sealed class EventConsumer(Channel<FleetEvent> events) : IConsumer<FleetEvent>
    {
        public Task Consume(ConsumeContext<FleetEvent> context) =>
            events.Writer.WriteAsync(context.Message with { Name = $"{context.Message.Name}/{context.MessageId}" }).AsTask();
    }
}
