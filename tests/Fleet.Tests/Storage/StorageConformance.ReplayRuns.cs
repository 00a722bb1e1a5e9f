using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task ReplayRuns_Failed_GoesRoundAgainWithItsLineage()
    {
        var worker = await One.RegisterAsync();
        var first = await One.StartAsync(worker, new EnqueueOptions { MaxAttempts = 2 });
        await One.FailAsync(first, TimeSpan.Zero);
        await One.FailAsync(await One.ClaimAsync(worker, first.Id));
        var failedAt = One.Now;
        One.Transport.TakeReady();
        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(ReplayResult.Replayed, await One.ReplayAsync(first.Id));

        var row = await One.ReadAsync(first.Id);
        Assert.Equal(
            (RunState.Pending, One.Now, 2, 2, 0, 1), (row.State, row.DueAt, row.Attempt, row.AttemptOffset, row.Crashes, row.Replays));
        Assert.Null(row.FinishedAt);
        var replay = Assert.Single(await One.ListAsync(db => db.Replays));
        Assert.Equal((first.Id, 1, Somebody.Me, RunState.Failed, 2, "boom", failedAt),
            (replay.RunId, replay.Number, replay.By, replay.FromState, replay.FromAttempt, replay.FromError, replay.FromFinishedAt));
        Assert.Equal([1, 2], (await One.AttemptsAsync(first.Id)).Select(a => a.Number));

        // The limit counts from here: attempt 3 of this run is try 1 of 2.
        var again = await One.ClaimAsync(worker, first.Id);
        Assert.Equal((3, 2), (again.Attempt, again.AttemptOffset));
    }

    [Fact]
    public async Task ReplayRuns_Nudge_IsPublished()
    {
        var id = await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromDays(1), Lane = "slow" });
        await One.CancelAsync(id);

        await One.ReplayAsync(id);

        Assert.Equal(("slow", id), await One.Transport.NextAsync());
    }

    [Fact]
    public async Task ReplayRuns_CanceledWhileRunning_DoesNotStayAskedToStop()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.CancelAsync(run.Id);
        await One.FailAsync(run, TimeSpan.Zero);

        await One.ReplayAsync(run.Id);
        await One.FailAsync(await One.ClaimAsync(worker, run.Id), TimeSpan.Zero);

        Assert.Equal(RunState.Pending, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task ReplayRuns_AfterTheCrashCap_MayCrashAgain()
    {
        var id = await One.EnqueueAsync();
        for (var i = 0; i < 3; i++)
            await CrashAsync(id);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(id)).State);

        await One.ReplayAsync(id);
        await CrashAsync(id);

        Assert.Equal((RunState.Pending, 1), ((await One.ReadAsync(id)).State, (await One.ReadAsync(id)).Crashes));
    }

    [Fact]
    public async Task ReplayRuns_UnknownRun_ReturnsNotFound() =>
        Assert.Equal(ReplayResult.NotFound, await One.ReplayAsync(RunId.New(One.Now)));

    private async Task CrashAsync(RunId id)
    {
        var worker = await One.RegisterAsync();
        await One.ClaimAsync(worker, id);
        await One.ExpireAsync(worker);
        await One.RescueAsync();
    }

    /// <summary>The occurrence has been planned again: the revoked run would be its second.</summary>
    [Fact]
    public async Task ReplayRuns_RevokedOccurrence_IsRefusedForGood()
    {
        await One.Get<PutSchedules>().ExecuteAsync(
            new ScheduleRequest { Id = "s", Job = "note", Trigger = new TriggerSpec { At = One.Now.AddSeconds(20) } }, "code",
            Somebody.Me, CancellationToken.None);
        var plan = One.Get<PlanOccurrences>();
        var control = One.Get<ControlSchedules>();
        await plan.ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None);
        await control.PauseAsync("s", null, new ScheduleControl(Somebody.Me), CancellationToken.None);
        var revoked = Assert.Single(await One.ListAsync(db => db.Runs)).Id;
        Assert.Equal(ReplayResult.Revoked, await One.ReplayAsync(revoked));
        await control.StartAsync("s", new ScheduleControl(Somebody.Me), CancellationToken.None);
        await plan.ExecuteAsync(await One.LeadAsync(), LookAhead, CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(ReplayResult.Revoked, await One.ReplayAsync(revoked));

        Assert.Single(await One.ListAsync(db => db.Runs.Where(r => r.State == RunState.Pending)));
        Assert.Empty(await One.ListAsync(db => db.Replays));
    }
}
