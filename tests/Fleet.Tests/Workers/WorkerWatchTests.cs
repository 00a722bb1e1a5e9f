using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Workers;

/// <summary>By which evidence a leader takes a worker for dead.</summary>
public sealed class WorkerWatchTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new(Verbs.Noon);
    private readonly WorkerWatch _watch;
    private readonly WorkerRow _worker = new() { Id = WorkerId.New(Verbs.Noon) };

    public WorkerWatchTests()
    {
        _watch = new WorkerWatch(_time);
        Beat(Verbs.Noon);
    }

    [Fact]
    public void Look_NoHeartbeatForALease_IsSilent() => Assert.Equal([false, false, false, false, false, true], Looks(6));

    [Fact]
    public void Look_HeartbeatOnTheWay_StartsAnew()
    {
        Looks(5);
        Beat(Verbs.Noon.AddSeconds(9));

        Assert.Equal([false, false, false, false, false, true], Looks(6));
    }

    /// <summary>Whatever the clocks show: only that the row has changed counts, and how long it has not.</summary>
    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    [InlineData(-86_400 * 30)]
    public void Look_ClockOfTheDatabaseIsSet_IsAlive(int seconds)
    {
        Assert.DoesNotContain(true, Looks(3));
        for (var jump = 1; jump <= 6; jump++)
        {
            Beat(Verbs.Noon.AddSeconds(jump * seconds));
            Assert.DoesNotContain(true, Looks(3));
        }
    }

    [Fact]
    public void Look_LeaseEndsFarAhead_IsOverByItsLengthAllTheSame()
    {
        // It died, and then the deciding clock was set back by a month.
        Beat(Verbs.Noon.AddDays(30));

        Assert.Equal([false, false, false, false, false, true], Looks(6));
    }

    [Fact]
    public void Look_LeaderStoodStill_LeavesTheWorkersAWholeLease()
    {
        Looks(5);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([false, false, false, false, false, true], Looks(6));
    }

    [Fact]
    public void Look_AfterAnOutage_LeavesTheWorkersAWholeLease()
    {
        Looks(5);
        _watch.Forget();

        Assert.Equal([false, false, false, false, false, true], Looks(6));
    }

    [Fact]
    public void Look_NewTerm_LeavesTheWorkersAWholeLease()
    {
        Looks(5);

        Assert.Equal([false, false, false, false, false, true], Looks(6, term: 2));
    }

    [Fact]
    public void LookAgainIn_LeaseEndsSoon_IsThen()
    {
        Assert.Null(_watch.LookAgainIn);
        Looks(5);

        // 8 s are seen and 2 s are left; the last look was 2 s ago.
        Assert.Equal(Step, _watch.LookAgainIn);
        _watch.Look(1, []);
        Assert.Null(_watch.LookAgainIn);
    }

    [Fact]
    public void LookAgainIn_ShortLease_IsOftenEnoughToLeaveNoGap()
    {
        _worker.LeaseUntil = _worker.HeartbeatAt + TimeSpan.FromSeconds(3);
        Looks(1);

        Assert.Equal(TimeSpan.FromSeconds(0.75), _watch.LookAgainIn);
    }

    private void Beat(DateTimeOffset now) => (_worker.HeartbeatAt, _worker.LeaseUntil) = (now, now + Lease);

    /// <summary>Looks now and at every step; whether the worker is silent each time.</summary>
    private List<bool> Looks(int count, long term = 1)
    {
        var looks = new List<bool>();
        for (var i = 0; i < count; i++)
        {
            looks.Add(_watch.Look(term, [_worker]).Contains(_worker.Id));
            _time.Advance(Step);
        }

        return looks;
    }
}
