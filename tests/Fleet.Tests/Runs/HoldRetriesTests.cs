using Fleet.Core.Lanes;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Runs;

public sealed class HoldRetriesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly ScriptedTransport _transport = new();
    private readonly DatabaseClock _clock = new();
    private readonly Wakers _wakers = new();
    private int _wakes;

    public HoldRetriesTests() => _wakers.Stage.Connect(() => _wakes++);

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(1, 10, true)]
    [InlineData(811, 820, true)]
    [InlineData(5_000, 5_000, true)]
    [InlineData(5_001, 5_010, false)]
    [InlineData(59_991, 60_000, false)]
    [InlineData(60_001, 60_100, false)]
    [InlineData(3_600_001, 3_600_100, false)]
    public void Plan_RoundsTheDueTimeUpAndHoldsShortPauses(int delayMs, int dueMs, bool held)
    {
        var end = Hold().Plan(End(), Now, TimeSpan.FromMilliseconds(delayMs), mayHold: true);

        Assert.Equal((Now.AddMilliseconds(dueMs), held), (end.DueAt!.Value, end.Staged));
    }

    [Fact]
    public void Plan_ClocksDifferOrMayNotHold_LeavesItToTheLeader()
    {
        Assert.False(Hold().Plan(End(), Now, TimeSpan.FromSeconds(1), mayHold: false).Staged);
        _clock.Observe(Now.AddSeconds(30), Now);

        var end = Hold().Plan(End(), Now, TimeSpan.FromSeconds(1), mayHold: true);

        Assert.Equal((Now.AddSeconds(31), false), (end.DueAt!.Value, end.Staged));
    }

    [Fact]
    public void Follow_HoldsWhatIsStaged_AndWakesTheLeaderForTheRest()
    {
        var (hold, staged) = (Hold(), End() with { Staged = true, DueAt = Now });

        hold.Follow(staged, "a", SettleOutcome.LeaseLost);
        Assert.Equal((0, 0), (_transport.Belt.Count, _wakes));
        hold.Follow(staged, "a", SettleOutcome.Settled);
        Assert.Equal((new DelayedNudge("a", staged.Id, Now), 0), (Assert.Single(_transport.Belt), _wakes));
        hold.Follow(staged with { Staged = false }, null, SettleOutcome.Settled);
        Assert.Equal((1, 1), (_transport.Belt.Count, _wakes));
    }

    [Fact]
    public async Task HandOver_SendsWhatIsDueSoonAndDropsTheRest()
    {
        var time = new FakeTimeProvider(Now);
        await using var belt = new InMemoryBelt(
            time, (lane, ids, ct) => NudgePublisher.SendAllAsync(_transport, lane, ids, ct), _ => false, NullLogger.Instance);
        RunId[] ids = [RunId.New(Now), RunId.New(Now), RunId.New(Now)];
        belt.Add([new("a", ids[0], Now.AddSeconds(5)), new("b", ids[1], Now.AddSeconds(1)), new("a", ids[2], Now.AddSeconds(6))]);

        await belt.HandOverAsync(HoldRetries.Longest, CancellationToken.None);

        Assert.Equal([("a", ids[0]), ("b", ids[1])], _transport.TakeReady().OrderBy(n => n.Lane));
    }

    [Fact]
    public async Task HandOver_OneLaneRefuses_StillSendsToTheOthers()
    {
        _transport.BeforeLane = lane =>
        {
            if (lane == "a")
                throw new IOException("away");
        };
        await using var belt = new InMemoryBelt(
            new FakeTimeProvider(Now), (lane, ids, ct) =>
                NudgePublisher.SendAllAsync(_transport, lane, ids, ct), _ => true, NullLogger.Instance);
        belt.Add([new("a", RunId.New(Now), Now), new("b", RunId.New(Now), Now)]);

        await belt.HandOverAsync(HoldRetries.Longest, CancellationToken.None);

        Assert.Equal("b", Assert.Single(_transport.TakeReady()).Lane);
    }

    private static AttemptEnd End() => new()
    {
        Id = RunId.New(Now),
        LeaseToken = 1,
        Outcome = AttemptOutcome.Failed,
        EndedAt = Now,
        Next = RunState.Pending,
        Counts = true,
    };

    private HoldRetries Hold() => new(_transport, _wakers, _clock);
}
