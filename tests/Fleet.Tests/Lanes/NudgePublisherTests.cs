using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

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

    private static Nudge[] Nudges(string lane, int count) => [.. Enumerable.Range(0, count).Select(_ => new Nudge(lane, RunId.New(TimeProvider.System.GetUtcNow())))];

    private NudgePublisher Publisher() => new(_transport, TimeProvider.System, NullLogger<NudgePublisher>.Instance);
}
