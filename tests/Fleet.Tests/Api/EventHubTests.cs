using System.Globalization;
using System.Text;
using Fleet.Api.Events;
using Fleet.Core.Findings;
using Fleet.Core.Lanes;
using Fleet.Core.Live;
using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Api;

/// <summary>The events of a process: what is read for them, and who gets what. With a clock that the test moves.</summary>
public sealed class EventHubTests : IAsyncLifetime
{
    private const EventTopics Everything = EventTopics.Figures | EventTopics.Changes;

    private readonly SqliteDatabase _database = new();
    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly Lifetime _lifetime = new();
    private readonly Control _control = new();
    private Verbs _fleet = null!;
    private EventHub _hub = null!;
    private int _reads;

    public async ValueTask InitializeAsync()
    {
        await _database.CreateAsync();
        var storage = StorageSpy.Around(_database.Open(_time), nameof(IStorage.Read), () => Interlocked.Increment(ref _reads));
        _fleet = new Verbs(storage, _time);
        _hub = new EventHub(
            _fleet.Get<ReadLiveFigures>(), _fleet.Get<FindChanges>(), _fleet.Get<GetFindings>(), _fleet.Get<FollowRuns>(), _control,
            new ComponentStates(new NoServices()), _lifetime, _time, NullLogger<EventHub>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _fleet.DisposeAsync();
        await _database.DisposeAsync();
        _lifetime.Dispose();
    }

    [Fact]
    public async Task Looks_OneOrTwentyListeners_ReadTheSame()
    {
        var one = await CountReadsAsync(1);
        var twenty = await CountReadsAsync(20);

        Assert.Equal(one, twenty);
        Assert.True(one > 0);
    }

    [Fact]
    public async Task Looks_NobodyListens_End()
    {
        var listener = Listen();
        await NextAsync(listener, "figures");
        Assert.False(_hub.Work.IsCompleted);

        _hub.Unsubscribe(listener);

        await _hub.Work.WaitAsync(Waiting.Limit);
        var again = Listen();
        await NextAsync(again, "figures");
        Assert.False(_hub.Work.IsCompleted);
    }

    /// <summary>Somebody who listens to something else keeps the loop going, but not the figures.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Figures_AfterNobodyListenedToThem_AreOfNow(bool runsAlone)
    {
        var first = Listen();
        await NextAsync(first, "figures");
        var other = Listen(runsAlone ? EventTopics.Run : EventTopics.Changes);
        _hub.Unsubscribe(first);
        // A ping is 15 s later.
        await NextAsync(other, "ping");
        var start = _time.GetUtcNow();

        var figures = Encoding.UTF8.GetString((await NextAsync(Listen(), "figures")).Bytes);

        var at = figures.Split("\"at\":\"")[1].Split('"')[0];
        Assert.InRange(DateTimeOffset.Parse(at, CultureInfo.InvariantCulture), start, start.AddSeconds(1));
    }

    [Fact]
    public async Task Resume_FiguresBeforeChanges_ComeInTheOrderOfTheirNumbers()
    {
        var stays = Listen();
        var seen = IdOf(await NextAsync(stays, "figures"));
        var figures = await NextAsync(stays, "figures");
        await _fleet.EnqueueAsync();
        var changes = await NextAsync(stays, "changes");
        Assert.Equal(figures.Number + 1, changes.Number);

        var again = Listen(Everything, seen);

        Assert.True(again.Frames.TryRead(out var one));
        Assert.True(again.Frames.TryRead(out var other));
        Assert.Equal((figures.Number, changes.Number), (one.Number, other.Number));
    }

    [Fact]
    public async Task Frames_TwoListeners_AreTheSameBytes()
    {
        var (one, other) = (Listen(), Listen());
        await NextAsync(one, "figures");
        await _fleet.EnqueueAsync();

        var (first, second) = (await NextAsync(one, "changes"), await NextAsync(other, "changes"));

        Assert.Same(first.Bytes, second.Bytes);
    }

    [Fact]
    public async Task Frames_AFloodOfRuns_HaveABoundedSize()
    {
        var listener = Listen(EventTopics.Changes);
        await LookAsync();
        for (var i = 0; i < 5; i++)
        {
            await _fleet.InsertAsync([.. Enumerable.Range(0, 2000).Select(_ => _fleet.NewRun())]);
            var frame = await NextAsync(listener, "changes");

            Assert.InRange(frame.Bytes.Length, 1, 4096);
            Assert.Contains("\"more\":true", Encoding.UTF8.GetString(frame.Bytes), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ping_EveryFifteenSeconds_IsSent()
    {
        var listener = Listen(EventTopics.Changes);
        await LookAsync();
        var start = _time.GetUtcNow();

        await NextAsync(listener, "ping");

        Assert.InRange(_time.GetUtcNow() - start, TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(15.5));
    }

    [Fact]
    public async Task Listener_ThatDoesNotRead_IsCutOffAndOthersGoOn()
    {
        var (slow, quick) = (Listen(), Listen());

        for (var i = 0; i < EventSubscription.MaxWaiting + 5; i++)
            await NextAsync(quick, "figures");

        Assert.True(slow.Cut.IsCancellationRequested);
        Assert.False(quick.Cut.IsCancellationRequested);
        await NextAsync(quick, "figures");
    }

    [Fact]
    public async Task Resume_FromAnEventOfThisProcess_BringsWhatWasMissed()
    {
        var first = Listen();
        var seen = IdOf(await NextAsync(first, "figures"));
        _hub.Unsubscribe(first);
        var run = await _fleet.EnqueueAsync();

        var again = Listen(Everything, seen);
        var changes = await NextAsync(again, "changes");

        Assert.Contains(run.ToString(), Encoding.UTF8.GetString(changes.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WhileOthersListen_BringsWhatIsKept()
    {
        var stays = Listen();
        var seen = IdOf(await NextAsync(stays, "figures"));
        var run = await _fleet.EnqueueAsync();
        var told = await NextAsync(stays, "changes");

        var again = Listen(Everything, seen);

        Assert.True(again.Frames.TryRead(out var frame));
        Assert.Same(told, frame);
        Assert.Contains(run.ToString(), Encoding.UTF8.GetString(frame.Bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("000000000000-1")]
    [InlineData("0-99999999999999999999")]
    public void Resume_FromAForeignEvent_SaysResync(string id)
    {
        var listener = Listen(Everything, id);

        Assert.True(listener.Frames.TryRead(out var frame));
        Assert.StartsWith("event: resync\n", Encoding.UTF8.GetString(frame.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_FromAnEventThatIsTooOld_SaysResync()
    {
        var stays = Listen();
        var seen = IdOf(await NextAsync(stays, "figures"));
        for (var i = 0; i < 70; i++)
            await NextAsync(stays, "figures");

        var again = Listen(Everything, seen);

        Assert.True(again.Frames.TryRead(out var frame));
        Assert.StartsWith("event: resync\n", Encoding.UTF8.GetString(frame.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ThatIsFollowed_TellsItsStates()
    {
        var id = await _fleet.EnqueueAsync();
        var listener = _hub.Subscribe(EventTopics.Run, new HashSet<RunId> { id }, null)!;

        Assert.Contains("\"state\":\"pending\"", await TextAsync(listener), StringComparison.Ordinal);
        var run = await _fleet.ClaimAsync(await _fleet.RegisterAsync(), id);
        Assert.Contains("\"state\":\"running\"", await TextAsync(listener), StringComparison.Ordinal);
        await _fleet.CompleteAsync(run);
        Assert.Contains("\"state\":\"succeeded\"", await TextAsync(listener), StringComparison.Ordinal);

        async Task<string> TextAsync(EventSubscription from) => Encoding.UTF8.GetString((await NextAsync(from, "run")).Bytes);
    }

    /// <summary>Whoever comes later is told the state that was read for it, and nobody is told a state twice.</summary>
    [Fact]
    public async Task Run_FollowedByTwo_EachIsToldEachStateOnce()
    {
        var id = await _fleet.EnqueueAsync();
        var worker = await _fleet.RegisterAsync();
        var first = await FollowAsync();
        Assert.Equal("pending", await StateAsync(first));
        var run = await _fleet.ClaimAsync(worker, id);
        Assert.Equal("running", await StateAsync(first));
        var second = await FollowAsync();
        Assert.Equal("running", await StateAsync(second));
        await _fleet.CompleteAsync(run);

        Assert.Equal(("succeeded", "succeeded"), (await StateAsync(first), await StateAsync(second)));

        async Task<EventSubscription> FollowAsync()
        {
            var known = await _fleet.Get<FollowRuns>().ExecuteAsync([id], CancellationToken.None);
            return _hub.Subscribe(EventTopics.Run, new HashSet<RunId> { id }, null, known)!;
        }

        async Task<string> StateAsync(EventSubscription from)
        {
            var text = Encoding.UTF8.GetString((await NextAsync(from, "run")).Bytes);
            return text.Split("\"state\":\"")[1].Split('"')[0];
        }
    }

    [Fact]
    public async Task Schedules_ThatChange_AreTold()
    {
        var listener = Listen();
        await NextAsync(listener, "figures");

        await _control.PublishControlAsync(new(SchedulesChanged: true), CancellationToken.None);

        Assert.Contains(
            "\"schedules\":true", Encoding.UTF8.GetString((await NextAsync(listener, "changes")).Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Subscribe_TooMany_IsRefused()
    {
        var listeners = Enumerable.Range(0, EventHub.MaxSubscribers).Select(_ => _hub.Subscribe(Everything, Nothing, null)).ToList();

        Assert.All(listeners, Assert.NotNull);
        Assert.Null(_hub.Subscribe(Everything, Nothing, null));
        _hub.Unsubscribe(listeners[0]!);
        Assert.NotNull(_hub.Subscribe(Everything, Nothing, null));
    }

    [Fact]
    public async Task Stop_EndsEveryStreamAndRefusesNewOnes()
    {
        var listener = Listen();
        await NextAsync(listener, "figures");

        _lifetime.Stop();

        while (listener.Frames.TryRead(out _))
        {
        }

        Assert.False(await listener.Frames.WaitToReadAsync().AsTask().WaitAsync(Waiting.Limit));
        Assert.Null(_hub.Subscribe(Everything, Nothing, null));
    }

    private static HashSet<RunId> Nothing => [];

    private EventSubscription Listen(EventTopics topics = Everything, string? lastEventId = null) =>
        _hub.Subscribe(topics, Nothing, lastEventId)!;

    /// <summary>The next event of a name; the clock goes on meanwhile.</summary>
    private async Task<EventFrame> NextAsync(EventSubscription listener, string name)
    {
        EventFrame? found = null;
        await _time.AdvanceUntilAsync(() =>
        {
            while (found is null && listener.Frames.TryRead(out var frame))
            {
                if (Encoding.UTF8.GetString(frame.Bytes).Contains($"event: {name}\n", StringComparison.Ordinal))
                    found = frame;
            }

            return found is not null;
        });
        return found!;
    }

    /// <summary>Lets the hub look once.</summary>
    private async Task LookAsync()
    {
        var listener = Listen(EventTopics.Figures);
        await NextAsync(listener, "figures");
        _hub.Unsubscribe(listener);
    }

    private static string IdOf(EventFrame frame) => Encoding.UTF8.GetString(frame.Bytes).Split('\n')[0]["id: ".Length..];

    /// <summary>Reads of the database during ten times the figures.</summary>
    private async Task<int> CountReadsAsync(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => Listen()).ToList();
        await NextAsync(listeners[0], "figures");
        var before = Volatile.Read(ref _reads);
        for (var i = 0; i < 10; i++)
            await NextAsync(listeners[0], "figures");
        var reads = Volatile.Read(ref _reads) - before;
        foreach (var listener in listeners)
            _hub.Unsubscribe(listener);
        return reads;
    }

    private sealed class Control : IControlChannel
    {
        private Func<ControlMessage, CancellationToken, Task>? _listener;

        public Task PublishControlAsync(ControlMessage message, CancellationToken ct) => _listener!(message, ct);

        public Task<IAsyncDisposable> SubscribeControlAsync(Func<ControlMessage, CancellationToken, Task> onControl, CancellationToken ct)
        {
            _listener = onControl;
            return Task.FromResult<IAsyncDisposable>(new MemoryStream());
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void Stop() => _stopping.Cancel();

        public void StopApplication() => Stop();

        public void Dispose() => _stopping.Dispose();
    }
}
