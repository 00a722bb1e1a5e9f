using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Runs;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task StageRuns_DueWithinTheLookAhead_GoOntoTheBeltInDueOrder()
    {
        var third = await DelayAsync(20);
        var first = await DelayAsync(5);
        await DelayAsync(31);
        var second = await DelayAsync(10);

        Assert.Equal(3, await StageAsync());

        Assert.Equal([first, second, third], One.Transport.Belt.Select(n => n.Id));
        Assert.Equal(new DelayedNudge("default", first, One.Now.AddSeconds(5)), One.Transport.Belt.First());
        Assert.Empty(One.Transport.TakeReady());
        Assert.True((await One.ReadAsync(first)).Staged);
        Assert.Equal(0, await StageAsync());
    }

    [Fact]
    public async Task StageRuns_DueAlready_GoStraightToTheirLanes()
    {
        var id = await DelayAsync(5);
        Time.Advance(TimeSpan.FromSeconds(5));

        await StageAsync();

        Assert.Equal(("default", id), Assert.Single(One.Transport.TakeReady()));
        Assert.Empty(One.Transport.Belt);
    }

    [Fact]
    public async Task StageRuns_BrokerDown_LeavesThemUnstaged()
    {
        var id = await DelayAsync(5);
        One.Transport.BeforeSend = () => throw new IOException("no broker");
        One.Transport.Outage = e => e is IOException;

        await Assert.ThrowsAsync<IOException>(StageAsync);

        Assert.False((await One.ReadAsync(id)).Staged);
        One.Transport.BeforeSend = () => Task.CompletedTask;
        Time.Advance(Setbacks.LongestDoubt);
        Assert.Equal(1, await StageAsync());
    }

    [Fact]
    public async Task StageRuns_OneLaneTakesNoNudges_TheOthersAreSentAndMarked()
    {
        // More than a pass reads, and due before all others.
        var poison = Enumerable.Range(0, StageRuns.BatchSize + 1).Select(_ => One.NewRun() with { Lane = "poison" }).ToArray();
        await One.InsertAsync(poison);
        var (due, later) = (One.NewRun() with { DueAt = One.Now.AddSeconds(1) }, One.NewRun() with { DueAt = One.Now.AddSeconds(20) });
        await One.InsertAsync(due, later);
        Time.Advance(TimeSpan.FromSeconds(1));
        One.Transport.BeforeLane = lane => _ = lane == "poison" ? throw new IOException("refused") : 0;

        for (var more = true; more;)
            more = (await One.Get<StageRuns>().ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None)).More;

        Assert.Equal(("default", due.Id), Assert.Single(One.Transport.TakeReady()));
        Assert.Equal(later.Id, Assert.Single(One.Transport.Belt).Id);
        Assert.True((await One.ReadAsync(due.Id)).Staged);
        Assert.True((await One.ReadAsync(later.Id)).Staged);

        // As soon as the lane takes them, they are sent.
        One.Transport.BeforeLane = _ => { };
        Time.Advance(Setbacks.LongestPause);
        for (var more = true; more;)
            more = (await One.Get<StageRuns>().ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None)).More;
        Assert.Equal(poison.Length, One.Transport.TakeReady().Count);
        Assert.Empty(await One.ListAsync(db => db.Runs.Where(r => !r.Staged)));
    }

    [Fact]
    public async Task StageRuns_RunChangedSinceItWasRead_StaysUnstaged()
    {
        var worker = await One.RegisterAsync();
        var (moved, canceled) = (await DelayAsync(0), await DelayAsync(0));
        One.Transport.BeforeSend = async () =>
        {
            // While its nudge is on the way it is claimed by an earlier one and fails: the retry needs a nudge of its own.
            One.Transport.BeforeSend = () => Task.CompletedTask;
            await One.FailAsync(await One.ClaimAsync(worker, moved), TimeSpan.FromSeconds(20));
            await One.CancelAsync(canceled);
        };

        await StageAsync();

        Assert.False((await One.ReadAsync(moved)).Staged);
        Assert.Equal(RunState.Canceled, (await One.ReadAsync(canceled)).State);
        Assert.Equal(1, await StageAsync());
        Assert.Equal(moved, Assert.Single(One.Transport.Belt).Id);
    }

    [Fact]
    public async Task StageRuns_TermIsOver_SendsNothing()
    {
        await DelayAsync(5);
        var term = await One.LeadAsync();

        await Assert.ThrowsAsync<TermLostException>(
            () => One.Get<StageRuns>().ExecuteAsync(term with { Number = term.Number + 1 }, LookAhead, CancellationToken.None));

        Assert.Empty(One.Transport.Belt);
    }

    [Fact]
    public async Task ReadUnstaged_Limit_TakesTheEarliest()
    {
        var (b, a) = (await DelayAsync(2), await DelayAsync(1));
        await DelayAsync(3);

        var runs = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ReadUnstagedAsync(session, One.Now.AddSeconds(3), 2, [], CancellationToken.None),
            CancellationToken.None);

        Assert.Equal([new(a, "default", One.Now.AddSeconds(1)), new(b, "default", One.Now.AddSeconds(2))], runs);
    }

    private Task<RunId> DelayAsync(int seconds) =>
        seconds == 0 ? InsertUnstagedAsync() : One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(seconds) });

    private async Task<RunId> InsertUnstagedAsync() => (await One.InsertAsync(One.NewRun()))[0].Id;

    private async Task<int> StageAsync() =>
        (await One.Get<StageRuns>().ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None)).Staged;
}
