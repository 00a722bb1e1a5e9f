using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Lanes;

public sealed class DeadCopiesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private readonly LogRecorder _log = new();

    [Fact]
    public async Task Add_Storm_DoesNotWaitAndHasManyUnderWay()
    {
        var transport = new ScriptedTransport();
        var (open, underWay) = (new TaskCompletionSource(), new Tally());
        transport.BeforeDeadAsync = _ =>
        {
            underWay.Add();
            return open.Task;
        };
        await using (var copies = Copies(transport))
        {
            for (var i = 0; i < 1000; i++)
                copies.Add(Dead());
            await underWay.ReachesAsync(2);
            open.SetResult();
        }

        Assert.Equal(1000, transport.Dead.Count);
    }

    [Fact]
    public async Task Add_BrokerRefusesOne_PublishesTheOthers()
    {
        var transport = new ScriptedTransport
        {
            BeforeDeadAsync = run => run.Job == "bad" ? throw new IOException("away") : Task.CompletedTask,
        };
        await using (var copies = Copies(transport))
        {
            copies.Add(Dead("bad"));
            copies.Add(Dead());
        }

        Assert.Equal("good", Assert.Single(transport.Dead).Job);
        Assert.Single(_log.Warnings("could not be published"));
    }

    [Fact]
    public async Task Add_TooMuchWaits_IsLeftOutAndTold()
    {
        var transport = new ScriptedTransport();
        var open = new TaskCompletionSource();
        transport.BeforeDeadAsync = _ => open.Task;
        var large = Dead(args: new string('x', (int)(DeadCopies.MaxCharacters / 4)));
        await using (var copies = Copies(transport))
        {
            for (var i = 0; i < 10; i++)
                copies.Add(large);
            open.SetResult();
        }

        // At least what fits, and one more; not all of it.
        Assert.InRange(transport.Dead.Count, 4, 5);
        Assert.Single(_log.Warnings("is left out, perhaps with others"));
        Assert.Single(_log.Warnings("dead runs were left out"));
    }

    [Fact]
    public async Task Dispose_BrokerNeverAnswers_EndsAfterItsLimit()
    {
        var (transport, reached) = (new ScriptedTransport(), new TaskCompletionSource());
        transport.BeforeDeadAsync = run =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, transport.DeadToken);
        };
        var copies = Copies(transport);
        copies.Add(Dead());
        await reached.Task;

        var disposing = copies.DisposeAsync().AsTask();
        await _time.AdvanceUntilAsync(() => disposing.IsCompleted);

        await disposing;
        Assert.Empty(transport.Dead);
    }

    private static DeadRun Dead(string job = "good", string args = "{}") => new(RunId.New(Now), job, "default", args, 4, "boom", "T", Now);

    private DeadCopies Copies(ScriptedTransport transport) =>
        new(transport, new SecretArgs(catalog: null), _time, new LoggerFactory([_log]).CreateLogger<DeadCopies>());
}
