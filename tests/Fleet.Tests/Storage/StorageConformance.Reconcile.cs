using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
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
            await One.Get<RegisterWorkers>().RegisterAsync(
                lane, new Dictionary<string, int>(StringComparer.Ordinal) { [lane] = 1 }, TimeSpan.FromHours(1), CancellationToken.None);
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
    public async Task Reconcile_StartOver_NudgesWhatIsDueAndHoldsTheRest_WithoutWaitingForASign()
    {
        var worker = await One.RegisterAsync();
        var due = await NudgedAsync();
        var later = await One.StartAsync(worker);
        await One.FailAsync(later, HoldRetries.Longest);
        One.Transport.Belt.Clear();
        One.Transport.TakeReady();

        StartOver();

        Assert.Equal(2, await ReconcileAsync());
        Assert.Equal(("default", due), Assert.Single(One.Transport.TakeReady()));
        var held = Assert.Single(One.Transport.Belt);
        Assert.Equal((later.Id, One.Now + HoldRetries.Longest), (held.Id, held.DueAt));
        Assert.False(One.Get<Reconcile>().IsStartingOver);
        Assert.Equal(0, await ReconcileAsync());
    }

    [Fact]
    public async Task Reconcile_StartOver_TheQueueIsLong_WaitsWithTheNextBatch()
    {
        await One.RegisterAsync();
        await NudgedAsync();
        StartOver();
        One.Transport.Waiting = 62;

        Assert.Equal(0, await ReconcileAsync());
        Assert.True(One.Get<Reconcile>().IsStartingOver);
        One.Transport.Waiting--;
        Assert.Equal(1, await ReconcileAsync());
        Assert.False(One.Get<Reconcile>().IsStartingOver);
    }

    [Theory]
    [InlineData(true, 0L)]
    [InlineData(false, long.MaxValue)]
    public async Task Reconcile_StartOver_NudgesAreNotLostOrNobodyListens_IsLeftToTheSigns(bool reachesOtherProcesses, long waiting)
    {
        await One.RegisterAsync();
        await NudgedAsync();
        One.Transport.Waiting = waiting;

        StartOver(reachesOtherProcesses);

        Assert.Equal(0, await ReconcileAsync());
        Assert.False(One.Get<Reconcile>().IsStartingOver);
    }

    private void StartOver(bool reachesOtherProcesses = false)
    {
        One.Transport.ReachesOtherProcesses = reachesOtherProcesses;
        One.Get<Reconcile>().StartOver();
    }

    /// <summary>A run whose nudge went out and was lost.</summary>
    private async Task<RunId> NudgedAsync()
    {
        var id = await One.EnqueueAsync();
        Assert.Equal(id, (await One.Transport.NextAsync()).Id);
        return id;
    }

    private Task<int> ReconcileAsync() => One.Get<Reconcile>().ExecuteAsync(CancellationToken.None);

    private Task<Pulse> ClaimedThroughAsync(WorkerId worker, DateTimeOffset due) => One.Get<Heartbeat>().ExecuteAsync(
        worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal) { ["default"] = due.ToUnixTimeMilliseconds() },
        withHeld: false, CancellationToken.None);
}
