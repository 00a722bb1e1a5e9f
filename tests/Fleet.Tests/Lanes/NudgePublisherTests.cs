using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Lanes;

public sealed class NudgePublisherTests
{
    private readonly ScriptedTransport _transport = new();

    [Fact]
    public async Task Publish_NudgesGivenTogether_ShareMessages()
    {
        await using (var publisher = Publisher())
            publisher.Publish([.. Nudges("a", NudgePublisher.MaxIds + 6), .. Nudges("b", 5)]);

        Assert.Equal([5, 6, NudgePublisher.MaxIds], _transport.NudgeSizes.Order());
        Assert.Equal(["a", "b"], _transport.TakeReady().Select(n => n.Lane).Distinct().Order());
    }

    [Fact]
    public async Task Publish_TooManyWait_IsLeftToReconcile()
    {
        var (reached, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        _transport.BeforeSend = () =>
        {
            reached.TrySetResult();
            return open.Task;
        };
        await using (var publisher = Publisher())
        {
            publisher.Publish(Nudges("a", 1));
            await reached.Task;
            publisher.Publish(Nudges("a", NudgePublisher.Capacity));
            publisher.Publish(Nudges("a", 1));
            open.SetResult();
        }

        Assert.Equal(1 + NudgePublisher.Capacity, _transport.TakeReady().Count);
    }

    [Fact]
    public async Task Publish_AfterTooManyWaited_TakesTheNextAgain()
    {
        var sent = new SemaphoreSlim(0);
        _transport.BeforeSend = () =>
        {
            sent.Release();
            return Task.CompletedTask;
        };
        await using (var publisher = Publisher())
        {
            publisher.Publish(Nudges("a", NudgePublisher.Capacity));
            await sent.WaitAsync();
            publisher.Publish(Nudges("b", 2));
        }

        Assert.Equal(NudgePublisher.Capacity + 2, _transport.TakeReady().Count);
    }

    [Fact]
    public async Task Publish_OneLaneHangs_TheOthersAreSentMeanwhile()
    {
        var (reached, open) = (new TaskCompletionSource(), new TaskCompletionSource());
        _transport.BeforeLaneAsync = lane =>
        {
            if (lane != "hangs")
                return Task.CompletedTask;
            reached.TrySetResult();
            return open.Task;
        };
        await using var publisher = Publisher();
        publisher.Publish(Nudges("hangs", 1));
        await reached.Task;

        publisher.Publish([.. Nudges("hangs", 1), .. Nudges("b", 1)]);

        Assert.Equal("b", (await _transport.NextAsync()).Lane);
        open.SetResult();
        Assert.Equal("hangs", (await _transport.NextAsync()).Lane);
        Assert.Equal("hangs", (await _transport.NextAsync()).Lane);
    }

    [Fact]
    public async Task Publish_OneLaneFails_IsLoggedOnceWaitsAloneAndGoesOn()
    {
        var time = new FakeTimeProvider(Verbs.Noon);
        var log = new LogLines<NudgePublisher>();
        var failures = new Tally();
        _transport.BeforeLane = lane =>
        {
            if (lane != "fails")
                return;
            failures.Add();
            throw new IOException("refused");
        };
        await using var publisher = new NudgePublisher(_transport, _transport, time, log);
        publisher.Publish(Nudges("fails", 1));
        await failures.ReachesAsync(1);

        // No clock moves, and the other lanes do not need one to.
        publisher.Publish([.. Nudges("fails", 1), .. Nudges("b", 1)]);
        Assert.Equal("b", (await _transport.NextAsync()).Lane);
        await time.AdvanceUntilAsync(() => failures.Count == 2);
        Assert.Contains("lane 'fails'", Assert.Single(log.All), StringComparison.Ordinal);

        // Of what comes meanwhile so many are kept, and none of the room is taken from the others.
        publisher.Publish(Nudges("fails", NudgePublisher.LaneCapacity));
        publisher.Publish(Nudges("fails", NudgePublisher.Capacity));
        publisher.Publish(Nudges("b", 1));
        Assert.Equal("b", (await _transport.NextAsync()).Lane);
        _transport.BeforeLane = _ => { };
        await time.AdvanceUntilAsync(() => log.All.Count == 2);
        Assert.Contains("lane 'fails' works again", log.All[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_BrokerAway_IsLoggedOnceForAllLanes()
    {
        var log = new LogLines<NudgePublisher>();
        var failures = new Tally();
        _transport.Outage = e => e is IOException;
        _transport.BeforeLane = _ =>
        {
            failures.Add();
            throw new IOException("away");
        };
        var time = new FakeTimeProvider(Verbs.Noon);
        await using var publisher = new NudgePublisher(_transport, _transport, time, log);
        for (var i = 0; i < 20; i++)
            publisher.Publish(Nudges($"lane{i}", 1));
        // The line follows the failure that it tells of.
        await failures.ReachesAsync(20);
        await log.SaysAsync(1);

        Assert.StartsWith("The broker does not accept nudges", Assert.Single(log.All), StringComparison.Ordinal);
        _transport.BeforeLane = _ => { };
        publisher.Publish(Nudges("b", 1));
        await log.SaysAsync(2);
        Assert.Equal("The broker accepts nudges again.", log.All[^1]);
    }

    private static Nudge[] Nudges(string lane, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new Nudge(lane, RunId.New(TimeProvider.System.GetUtcNow())))];

    private NudgePublisher Publisher() => new(_transport, _transport, TimeProvider.System, NullLogger<NudgePublisher>.Instance);
}
