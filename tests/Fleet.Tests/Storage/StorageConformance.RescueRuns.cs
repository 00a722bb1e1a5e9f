using Fleet.Core.Gates;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task RescueRuns_WorkerAlive_TakesNothing()
    {
        var run = await One.StartAsync(await One.RegisterAsync());

        Assert.Equal(0, await One.RescueAsync());
        Assert.Equal(RunState.Running, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task RescueRuns_LeaseExpired_GivesTheRunToAnotherAndRefusesThePausedWorker()
    {
        var (paused, other) = (await One.RegisterAsync(), await One.RegisterAsync());
        var lost = await One.StartAsync(paused);
        var kept = await One.StartAsync(other);
        await One.ExpireAsync(paused);

        Assert.Equal(1, await One.RescueAsync());

        var row = await One.ReadAsync(lost.Id);
        Assert.Equal((RunState.Pending, false, 1, 1, 1), (row.State, row.Staged, row.Crashes, row.Attempt, row.AttemptOffset));
        var attempt = Assert.Single(await One.AttemptsAsync(lost.Id));
        Assert.Equal((1, paused, AttemptOutcome.Crashed), (attempt.Number, attempt.WorkerId, attempt.Outcome));
        Assert.Equal(RunState.Running, (await One.ReadAsync(kept.Id)).State);

        // The paused worker comes back: before and after the next claim, nothing of it counts.
        Assert.Equal(SettleOutcome.LeaseLost, await One.CompleteAsync(lost));
        var again = await One.ClaimAsync(other, lost.Id);
        Assert.Equal(SettleOutcome.LeaseLost, await One.CompleteAsync(lost));
        Assert.Equal(SettleOutcome.LeaseLost, await One.FailAsync(lost));
        Assert.Equal(ClaimOutcome.WorkerGone, await One.TryClaimAsync(paused, lost.Id));
        Assert.False((await HeartbeatAsync(paused)).IsAlive);
        Assert.Equal(SettleOutcome.Settled, await One.CompleteAsync(again));
    }

    [Fact]
    public async Task RescueRuns_Heartbeat_KeepsTheRuns()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.ExpireAsync(worker);

        var pulse = await HeartbeatAsync(worker);

        Assert.Equal(new HeldRun(run.Id, run.LeaseToken, false), Assert.Single(pulse.Held!));
        Assert.Equal(0, await One.RescueAsync());
    }

    [Fact]
    public async Task RescueRuns_WorkerLeft_TakesItsRunsAtOnce()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);

        Assert.Equal(1, await One.RescueAsync());
        Assert.Equal(RunState.Pending, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task RescueRuns_ThirdCrash_FailsTheRun()
    {
        var id = await One.EnqueueAsync();
        var states = new List<(RunState, int, int)>();
        for (var i = 0; i < 3; i++)
        {
            var worker = await One.RegisterAsync();
            await One.ClaimAsync(worker, id);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
            var row = await One.ReadAsync(id);
            states.Add((row.State, row.Crashes, row.AttemptOffset));
        }

        Assert.Equal([(RunState.Pending, 1, 1), (RunState.Pending, 2, 2), (RunState.Failed, 3, 3)], states);
        var failed = await One.ReadAsync(id);
        Assert.Equal(("WorkerCrashed", One.Now), (failed.ErrorType, failed.FinishedAt));
        Assert.Contains("3 times", failed.Error, StringComparison.Ordinal);
        var copy = Assert.Single(One.Transport.Dead);
        Assert.Equal((id, failed.Job, failed.Args, failed.Error, 3), (copy.Id, copy.Job, copy.Args, copy.Error, copy.Attempt));
        Assert.Equal([1, 2, 3], (await One.AttemptsAsync(id)).Select(a => a.Number));
    }

    [Fact]
    public async Task RescueRuns_CancelRequested_IsCanceledWithItsReason()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.CancelAsync(run.Id, "not needed");
        await One.ExpireAsync(worker);

        await One.RescueAsync();

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((RunState.Canceled, "not needed", One.Now), (row.State, row.Error, row.FinishedAt));
    }

    /// <summary>By the leader's monotonic clock, in one term, with looks all the time.</summary>
    [Fact]
    public async Task RescueRuns_NoHeartbeatForALease_TakesItsRuns()
    {
        var run = await One.StartAsync(await RegisterForAsync(TimeSpan.FromSeconds(10)));

        Assert.Equal([0, 0, 0, 0, 0, 1], await RescueEveryTwoSecondsAsync(6));
        Assert.Equal((RunState.Pending, 1), ((await One.ReadAsync(run.Id)).State, (await One.ReadAsync(run.Id)).Crashes));
    }

    /// <summary>Whoever could not renew while the database was away gets a whole lease to do so.</summary>
    [Fact]
    public async Task RescueRuns_APassFailed_LeavesTheWorkersAWholeLease()
    {
        await One.StartAsync(await RegisterForAsync(TimeSpan.FromSeconds(10)));
        await RescueEveryTwoSecondsAsync(5);

        var term = await One.LeadAsync();
        await Assert.ThrowsAsync<Core.Leadership.TermLostException>(
            () => One.Get<RescueRuns>().ExecuteAsync(term with { Number = term.Number - 1 }, CancellationToken.None));

        Assert.Equal([0, 0, 0, 0, 0, 1], await RescueEveryTwoSecondsAsync(6));
    }

    [Fact]
    public async Task RescueRuns_ClockOfTheDatabaseIsSet_TakesNothing()
    {
        var worker = await RegisterForAsync(TimeSpan.FromSeconds(10));
        var run = await One.StartAsync(worker);

        foreach (var jump in new[] { TimeSpan.FromHours(-1), TimeSpan.FromHours(1), TimeSpan.FromDays(-30) })
        {
            await WriteAsync(scope => scope.Db.Workers.ExecuteUpdateAsync(
                set => set.SetProperty(
                    w => w.HeartbeatAt, One.Now + jump).SetProperty(w => w.LeaseUntil, One.Now + jump + TimeSpan.FromSeconds(10))));
            Assert.Equal([0, 0, 0], await RescueEveryTwoSecondsAsync(3));
        }

        Assert.Equal(SettleOutcome.Settled, await One.CompleteAsync(run));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RescueRuns_WorkerDiedWhileDraining_ReleasesItsRunsWithoutACrash(bool left)
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.Get<RegisterWorkers>().DrainAsync(worker, CancellationToken.None);
        if (left)
            await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);
        else
            await One.ExpireAsync(worker);

        Assert.Equal(1, await One.RescueAsync());

        var row = await One.ReadAsync(run.Id);
        Assert.Equal(
            (RunState.Pending, false, 0, 0, 0, null), (row.State, row.Staged, row.Crashes, row.Attempt, row.AttemptOffset, row.Error));
        Assert.True(row.DueAt <= One.Now);
        var attempt = Assert.Single(await One.AttemptsAsync(run.Id));
        Assert.Equal(
            (1, worker, AttemptOutcome.Released, RescueRuns.DrainedErrorType),
            (attempt.Number, attempt.WorkerId, attempt.Outcome, attempt.ErrorType));
        Assert.Contains("killed while draining", attempt.Error, StringComparison.Ordinal);
        Assert.Equal(SettleOutcome.LeaseLost, await One.CompleteAsync(run));
        await One.ClaimAsync(await One.RegisterAsync(), run.Id);
    }

    [Fact]
    public async Task RescueRuns_WorkerDiedWhileDraining_CanceledRunIsCanceled()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.CancelAsync(run.Id, "not needed");
        await One.Get<RegisterWorkers>().DrainAsync(worker, CancellationToken.None);
        await One.ExpireAsync(worker);

        await One.RescueAsync();

        Assert.Equal((RunState.Canceled, "not needed"), ((await One.ReadAsync(run.Id)).State, (await One.ReadAsync(run.Id)).Error));
    }

    [Fact]
    public async Task RescueRuns_WorkersDieAtEveryDrain_CountAsCrashesInTheEnd()
    {
        var id = await One.EnqueueAsync();
        var deaths = 0;
        while ((await One.ReadAsync(id)).State == RunState.Pending)
        {
            var worker = await One.RegisterAsync();
            await One.ClaimAsync(worker, id);
            await One.Get<RegisterWorkers>().DrainAsync(worker, CancellationToken.None);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
            deaths++;
        }

        Assert.Equal((RunState.Failed, RescueRuns.DrainedCap + RescuedRun.CrashCap), ((await One.ReadAsync(id)).State, deaths));
    }

    /// <summary>A leader whose clock is ahead: the run would wait until the others' clocks have got there.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RescueRuns_LeadersClockIsAhead_RunsAreDueByTheClockOfTheDatabase(bool draining)
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        if (draining)
            await One.Get<RegisterWorkers>().DrainAsync(worker, CancellationToken.None);
        await One.ExpireAsync(worker);
        var clock = await ClockAsync();
        var ahead = (clock > One.Now ? clock : One.Now) + TimeSpan.FromMinutes(10);
        Time.SetUtcNow(ahead);

        Assert.Equal(1, await One.RescueAsync());

        var after = await ClockAsync();
        Assert.InRange((await One.ReadAsync(run.Id)).DueAt, clock, after);
    }

    [Fact]
    public async Task RescueRuns_TermIsOver_TakesNothing()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.ExpireAsync(worker);
        var term = await One.LeadAsync();

        await Assert.ThrowsAsync<Core.Leadership.TermLostException>(
            () => One.Get<RescueRuns>().ExecuteAsync(term with { Number = term.Number - 1 }, CancellationToken.None));

        Assert.Equal(RunState.Running, (await One.ReadAsync(run.Id)).State);
        Assert.True((await HeartbeatAsync(worker)).IsAlive);
    }

    [Fact]
    public async Task LastChanceGate_AnotherSuchRunIsRunning_WaitsUntilItHasEnded()
    {
        var (first, second) = (await CrashTwiceAsync(), await CrashTwiceAsync());
        var worker = await One.RegisterAsync();
        var running = await One.ClaimAsync(worker, first);

        var beside = await One.TryClaimAsync(worker, second);

        Assert.Equal((ClaimStatus.NotDue, One.Now + LastChanceGate.Pause), (beside.Status, beside.DueAt));
        Assert.Equal(ClaimStatus.Claimed, (await One.TryClaimAsync(worker, await One.EnqueueAsync())).Status);
        await One.CompleteAsync(running);
        Assert.Equal(ClaimStatus.Claimed, (await One.TryClaimAsync(worker, second)).Status);
    }

    [Fact]
    public async Task RescueRuns_BesideALastChance_BlamesThatRunAlone()
    {
        var suspect = await CrashTwiceAsync();
        var worker = await One.RegisterAsync();
        await One.ClaimAsync(worker, suspect);
        var bystander = await One.StartAsync(worker);
        await One.ExpireAsync(worker);

        Assert.Equal(2, await One.RescueAsync());

        Assert.Equal((RunState.Failed, 3), ((await One.ReadAsync(suspect)).State, (await One.ReadAsync(suspect)).Crashes));
        Assert.Equal((RunState.Pending, 0), ((await One.ReadAsync(bystander.Id)).State, (await One.ReadAsync(bystander.Id)).Crashes));
    }

    private Task<DateTimeOffset> ClockAsync() =>
        One.Storage.WriteAsync(scope => One.Storage.GetClockAsync(scope, CancellationToken.None), CancellationToken.None);

    private Task<WorkerId> RegisterForAsync(TimeSpan lease) =>
        One.Get<RegisterWorkers>().RegisterAsync("w", new Dictionary<string, int> { ["default"] = 1 }, lease, CancellationToken.None);

    private async Task<List<int>> RescueEveryTwoSecondsAsync(int passes)
    {
        var taken = new List<int>();
        for (var i = 0; i < passes; i++)
        {
            taken.Add(await One.RescueAsync());
            Time.Advance(TimeSpan.FromSeconds(2));
        }

        return taken;
    }

    private Task<Pulse> HeartbeatAsync(WorkerId worker) => One.Get<Heartbeat>().ExecuteAsync(
        worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true, CancellationToken.None);

    private async Task<RunId> CrashTwiceAsync()
    {
        var id = await One.EnqueueAsync();
        for (var i = 0; i < 2; i++)
        {
            var worker = await One.RegisterAsync();
            await One.ClaimAsync(worker, id);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
        }

        return id;
    }
}
