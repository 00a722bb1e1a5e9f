using Fleet.Core.Inbox;
using Fleet.Core.Lanes;
using Fleet.Core.Leadership;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>What the leader does: stage, reconcile, prune.</summary>
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

        await Assert.ThrowsAsync<TermLostException>(() => One.Get<StageRuns>().ExecuteAsync(term with { Number = term.Number + 1 }, LookAhead, CancellationToken.None));

        Assert.Empty(One.Transport.Belt);
    }

    [Fact]
    public async Task ReadUnstaged_Limit_TakesTheEarliest()
    {
        var (b, a) = (await DelayAsync(2), await DelayAsync(1));
        await DelayAsync(3);

        var runs = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ReadUnstagedAsync(session, One.Now.AddSeconds(3), 2, [], CancellationToken.None), CancellationToken.None);

        Assert.Equal([new(a, "default", One.Now.AddSeconds(1)), new(b, "default", One.Now.AddSeconds(2))], runs);
    }

    [Fact]
    public async Task Reconcile_QueueEmpty_NudgesWhatHasWaitedLongerThanTheGrace()
    {
        await One.RegisterAsync();
        var id = await NudgedAsync();

        Assert.Equal(0, await ReconcileAsync());
        Time.Advance(Reconcile.Grace);
        Assert.Equal(0, await ReconcileAsync());
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", id), Assert.Single(One.Transport.TakeReady()));
    }

    [Fact]
    public async Task Reconcile_QueueStaysEmpty_NudgesARunOnceInAWhile()
    {
        // A broker does not count what workers hold: their slots may all be taken by long runs.
        await One.RegisterAsync();
        var first = await NudgedAsync();
        Time.Advance(Reconcile.Grace + TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", first), Assert.Single(One.Transport.TakeReady()));

        var second = await NudgedAsync();
        Time.Advance(Reconcile.Grace + TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", second), Assert.Single(One.Transport.TakeReady()));
        Assert.Equal(0, await ReconcileAsync());

        Time.Advance(Reconcile.Repeat + TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, await ReconcileAsync());
    }

    [Fact]
    public async Task Reconcile_QueueNotEmpty_NudgesNothing()
    {
        await One.RegisterAsync();
        await NudgedAsync();
        One.Transport.Waiting = 1;
        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, await ReconcileAsync());
    }

    [Fact]
    public async Task Reconcile_CountUnknown_NudgesWhatHasWaitedLong()
    {
        var worker = await One.RegisterAsync();
        var first = await NudgedAsync();
        One.Transport.Waiting = null;
        Time.Advance(Reconcile.UnknownGrace);
        Assert.Equal(0, await ReconcileAsync());
        var second = await NudgedAsync();
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", first), Assert.Single(One.Transport.TakeReady()));

        // Its nudge may wait behind others: no more come while nobody takes it.
        Time.Advance(Reconcile.UnknownGrace);
        Assert.Equal(0, await ReconcileAsync());
        await One.ClaimAsync(worker, first);
        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", second), Assert.Single(One.Transport.TakeReady()));
        Time.Advance(Reconcile.UnknownRepeat);
        Assert.Equal(0, await ReconcileAsync());
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await ReconcileAsync());
    }

    [Fact]
    public async Task Reconcile_OneLaneFailsAndOneHangs_TheOthersAreNudged()
    {
        foreach (var lane in new[] { "a-hangs", "b-fails", "default" })
            await One.Get<RegisterWorkers>().RegisterAsync(lane, new Dictionary<string, int>(StringComparer.Ordinal) { [lane] = 1 }, TimeSpan.FromHours(1), CancellationToken.None);
        await One.EnqueueAsync(new EnqueueOptions { Lane = "a-hangs" });
        await One.EnqueueAsync(new EnqueueOptions { Lane = "b-fails" });
        var id = await One.EnqueueAsync();
        await Waiting.UntilAsync(() => One.Transport.NudgeSizes.Count == 3);
        One.Transport.TakeReady();
        var open = new TaskCompletionSource();
        One.Transport.BeforeLaneAsync = lane => lane == "a-hangs" ? open.Task : Task.CompletedTask;
        One.Transport.BeforeLane = lane => _ = lane == "b-fails" ? throw new IOException("refused") : 0;
        Time.Advance(Reconcile.Grace + TimeSpan.FromMilliseconds(1));

        var pass = ReconcileAsync();
        await Time.AdvanceUntilAsync(() => pass.IsCompleted);

        Assert.Equal(1, await pass);
        Assert.Equal(("default", id), Assert.Single(One.Transport.TakeReady()));
        open.SetResult();
        await Waiting.UntilAsync(() => One.Transport.TakeReady().Any(n => n.Lane == "a-hangs"));
    }

    [Fact]
    public async Task Reconcile_RunsThatNeedNoNudge_AreLeftAlone()
    {
        var worker = await One.RegisterAsync();
        var run = await One.ClaimAsync(worker, await NudgedAsync());
        await One.CompleteAsync(await One.ClaimAsync(worker, await NudgedAsync()));
        await One.CancelAsync(await NudgedAsync());
        await DelayAsync(1);
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, await ReconcileAsync());
        Assert.Equal(RunState.Running, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task Reconcile_Overtaken_NudgesItOncePerOvertaking()
    {
        var worker = await One.RegisterAsync();
        var overtaken = await NudgedAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        await NudgedAsync();
        One.Transport.Waiting = 1;
        await ClaimedThroughAsync(worker, Verbs.Noon + Reconcile.OvertakenBy);
        Assert.Equal(0, await ReconcileAsync());
        await ClaimedThroughAsync(worker, Verbs.Noon + Reconcile.OvertakenBy + TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, await ReconcileAsync());
        Assert.Equal(("default", overtaken), Assert.Single(One.Transport.TakeReady()));

        // The nudge waits at the end of the queue: what stands before it was due earlier than it was sent.
        var sent = One.Now;
        Time.Advance(Reconcile.Repeat + TimeSpan.FromSeconds(1));
        await ClaimedThroughAsync(worker, sent + Reconcile.OvertakenBy);
        Assert.Equal(0, await ReconcileAsync());
        await ClaimedThroughAsync(worker, sent + Reconcile.OvertakenBy + TimeSpan.FromMilliseconds(1));
        // The other one too by now.
        Assert.Equal(2, await ReconcileAsync());
        Assert.Contains(("default", overtaken), One.Transport.TakeReady());
    }

    [Fact]
    public async Task Reconcile_OvertakenByAWorkerThatIsGone_NudgesNothing()
    {
        var worker = await One.RegisterAsync();
        await NudgedAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        One.Transport.Waiting = 1;
        await ClaimedThroughAsync(worker, One.Now);
        await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);

        Assert.Equal(0, await ReconcileAsync());
    }

    [Fact]
    public async Task PruneRuns_OldRuns_AreDeletedWithAllThatIsTheirs()
    {
        var worker = await One.RegisterAsync();
        var succeeded = await One.StartAsync(worker);
        await One.FailAsync(succeeded, TimeSpan.Zero);
        await One.CompleteAsync(await One.ClaimAsync(worker, succeeded.Id));
        var failed = await One.StartAsync(worker);
        await One.FailAsync(failed);
        await One.ReplayAsync(failed.Id);
        await One.FailAsync(await One.ClaimAsync(worker, failed.Id));
        var canceled = await One.EnqueueAsync();
        await One.CancelAsync(canceled);
        var pending = await DelayAsync(3600);
        var running = await One.StartAsync(worker);
        await WriteAsync(async session =>
        {
            session.Db.RunLogs.AddRange(Log(succeeded.Id), Log(failed.Id));
            await One.Get<AcceptMessages>().ExecuteAsync(session, "c", [Guid.CreateVersion7(One.Now)], CancellationToken.None);
            return await session.Db.SaveChangesAsync();
        });

        Assert.Equal(0, await PruneAsync(succeededHours: 1, otherHours: 2));
        Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        Assert.Equal(1, await PruneAsync(succeededHours: 1, otherHours: 2));
        Assert.Equal(Sorted(failed.Id, canceled, pending, running.Id), await IdsAsync());
        Assert.Empty(await One.AttemptsAsync(succeeded.Id));
        Assert.Equal(failed.Id, Assert.Single(await One.ListAsync(db => db.RunLogs)).RunId);

        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, await PruneAsync(succeededHours: 1, otherHours: 2));
        Assert.Equal(Sorted(pending, running.Id), await IdsAsync());
        Assert.Empty(await One.ListAsync(db => db.Attempts));
        Assert.Empty(await One.ListAsync(db => db.Replays));
        Assert.Empty(await One.ListAsync(db => db.RunLogs));
        Assert.Single(await One.ListAsync(db => db.Workers));
        Assert.Single(await One.ListAsync(db => db.Inbox));

        Time.Advance(TimeSpan.FromHours(1));
        await PruneAsync(succeededHours: 1, otherHours: 2);
        Assert.Empty(await One.ListAsync(db => db.Inbox));
    }

    [Fact]
    public async Task PruneRuns_RunOfADeadWorkerIsLeft_KeepsTheWorkerUntilItIsRescued()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);
        await WriteAsync(session => session.Db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.HeartbeatAt, One.Now)));
        Time.Advance(TimeSpan.FromHours(2));

        await PruneAsync(1, 1);
        Assert.Single(await One.ListAsync(db => db.Workers));
        Assert.Equal(1, await One.RescueAsync());
        Assert.Equal(RunState.Pending, (await One.ReadAsync(run.Id)).State);
        await PruneAsync(1, 1);
        Assert.Empty(await One.ListAsync(db => db.Workers));
    }

    [Fact]
    public async Task PruneRuns_MoreThanABatch_LeavesTheRestForTheNextPass()
    {
        await WriteAsync(async session =>
        {
            session.Db.Runs.AddRange(Enumerable.Range(0, PruneRuns.BatchSize + 1).Select(_ => new Run
            {
                Id = RunId.New(One.Now),
                Job = "note",
                Lane = "default",
                State = RunState.Succeeded,
                FinishedAt = One.Now,
            }));
            return await session.Db.SaveChangesAsync();
        });
        Time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(PruneRuns.BatchSize, await PruneAsync(1, 1));
        Assert.Equal(1, await PruneAsync(1, 1));
        Assert.Empty(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task PruneRuns_MoreInboxEntriesThanABatch_LeavesTheRestForTheNextPass()
    {
        await WriteAsync(async session =>
        {
            session.Db.Inbox.AddRange(Enumerable.Range(0, PruneRuns.BatchSize + 1).Select(_ => new InboxMessage
            {
                Consumer = "c",
                MessageId = Guid.CreateVersion7(One.Now),
                ReceivedAt = One.Now,
            }));
            return await session.Db.SaveChangesAsync();
        });
        Time.Advance(TimeSpan.FromHours(4));

        Assert.Equal((0, true), await PruneOnceAsync());
        Assert.Single(await One.ListAsync(db => db.Inbox));
        Assert.Equal((0, false), await PruneOnceAsync());
        Assert.Empty(await One.ListAsync(db => db.Inbox));
    }

    private async Task<(int Runs, bool More)> PruneOnceAsync() => await One.Get<PruneRuns>().ExecuteAsync(
        await One.LeadAsync(), TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(3), CancellationToken.None);

    [Fact]
    public async Task PruneRuns_TermIsOver_DeletesNothing()
    {
        await One.CancelAsync(await One.EnqueueAsync());
        var term = await One.LeadAsync();
        Time.Advance(TimeSpan.FromHours(2));

        await Assert.ThrowsAsync<TermLostException>(
            () => One.Get<PruneRuns>().ExecuteAsync(term with { Number = term.Number - 1 }, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None));
        Assert.Single(await One.ListAsync(db => db.Runs));
    }

    private Task<RunId> DelayAsync(int seconds) => seconds == 0 ? InsertUnstagedAsync() : One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(seconds) });

    private async Task<RunId> InsertUnstagedAsync() => (await One.InsertAsync(One.NewRun()))[0].Id;

    /// <summary>A run whose nudge went out and was lost.</summary>
    private async Task<RunId> NudgedAsync()
    {
        var id = await One.EnqueueAsync();
        Assert.Equal(id, (await One.Transport.NextAsync()).Id);
        return id;
    }

    private async Task<int> StageAsync() => (await One.Get<StageRuns>().ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None)).Staged;

    private Task<int> ReconcileAsync() => One.Get<Reconcile>().ExecuteAsync(CancellationToken.None);

    private async Task<int> PruneAsync(int succeededHours, int otherHours) => (await One.Get<PruneRuns>().ExecuteAsync(
        await One.LeadAsync(), TimeSpan.FromHours(succeededHours), TimeSpan.FromHours(otherHours), keepInbox: TimeSpan.FromHours(3), CancellationToken.None)).Runs;

    private Task<Pulse> ClaimedThroughAsync(WorkerId worker, DateTimeOffset due) => One.Get<Heartbeat>().ExecuteAsync(
        worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal) { ["default"] = due.ToUnixTimeMilliseconds() },
        withHeld: false, CancellationToken.None);

    private RunLogLine Log(RunId id) => new() { RunId = id, At = One.Now, Message = "m" };

    private static string[] Sorted(params RunId[] ids) => [.. ids.Select(id => id.ToString()).Order(StringComparer.Ordinal)];

    private async Task<string[]> IdsAsync() => Sorted([.. (await One.ListAsync(db => db.Runs)).Select(r => r.Id)]);
}
