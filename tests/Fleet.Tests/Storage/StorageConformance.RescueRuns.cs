using Fleet.Core.Runs;
using Fleet.Core.Workers;

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

    [Fact]
    public async Task RescueRuns_TermIsOver_TakesNothing()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.ExpireAsync(worker);
        var term = await One.LeadAsync();

        await Assert.ThrowsAsync<Core.Leadership.TermLostException>(() => One.Get<RescueRuns>().ExecuteAsync(term - 1, CancellationToken.None));

        Assert.Equal(RunState.Running, (await One.ReadAsync(run.Id)).State);
        Assert.True((await HeartbeatAsync(worker)).IsAlive);
    }

    private Task<Pulse> HeartbeatAsync(WorkerId worker) => One.Get<Heartbeat>().ExecuteAsync(
        worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true, CancellationToken.None);

    [Fact]
    public async Task ClaimRuns_LastChance_WaitsWhileTheWorkerRunsAnotherSuchRun()
    {
        var (first, second) = (await CrashTwiceAsync(), await CrashTwiceAsync());
        var worker = await One.RegisterAsync();
        var running = await One.ClaimAsync(worker, first);

        var beside = await One.TryClaimAsync(worker, second);

        Assert.Equal((ClaimStatus.NotDue, One.Now + ClaimRuns.LastChancePause), (beside.Status, beside.DueAt));
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
