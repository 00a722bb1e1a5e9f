using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Schedules;

/// <summary>Inserts the runs of fire times that come due within the look-ahead.</summary>
public abstract class PlanOccurrencesTests(TestDatabase database) : ScheduleVerbs(database)
{
    [Fact]
    public async Task PlanOccurrences_Every5SecondsFor60Seconds_Makes12RunsDueAtTheirTimes()
    {
        await PutAsync("5s");

        for (var second = 0; second < 60; second++)
        {
            await PlanAsync(TimeSpan.Zero);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        await PlanAsync(TimeSpan.Zero);
        var runs = await OccurrencesAsync();
        Assert.Equal(Enumerable.Range(1, 12).Select(i => Verbs.Noon.AddSeconds(5 * i)), runs.Select(r => r.FireTime!.Value));
        Assert.All(runs, r => Assert.Equal((RunState.Pending, r.FireTime, "s", "note"), (r.State, r.DueAt, r.ScheduleId, r.Job)));
    }

    [Fact]
    public async Task PlanOccurrences_LookAhead_PlansWhatIsDueWithinItAndLeavesItToStage()
    {
        await PutAsync("10s");

        Assert.Equal((3, false), await PlanAsync());

        var runs = await OccurrencesAsync();
        Assert.Equal([10, 20, 30], runs.Select(r => (r.FireTime!.Value - Fleet.Now).TotalSeconds));
        Assert.All(runs, r => Assert.False(r.Staged));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (Fleet.Now + LookAhead, Fleet.Now.AddSeconds(40), Fleet.Now.AddSeconds(30)),
            (schedule.PlannedUntil, schedule.NextPlanAt, schedule.LastFireTime));
    }

    [Fact]
    public async Task PlanOccurrences_JobThatNobodyKnows_PlansInTheDefaultLane()
    {
        var request = new ScheduleRequest { Id = "s", Job = "gone", Trigger = new TriggerSpec { Every = "10s" } };
        await Fleet.Get<PutSchedules>().ExecuteAsync(request, "code", Somebody.Me, CancellationToken.None);
        // What the process knows of jobs is too old by then: it reads it again in the middle of planning.
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((3, false), await PlanAsync().WaitAsync(Waiting.Limit));

        Assert.All(await OccurrencesAsync(), run => Assert.Equal(("gone", "default"), (run.Job, run.Lane)));
    }

    [Fact]
    public async Task PlanOccurrences_Again_PlansNothingTwice()
    {
        await PutAsync("10s");
        await PlanAsync();

        Assert.Equal((0, false), await PlanAsync());
        // As if the commit of the schedule's progress had been lost with a crash, and not that of its runs.
        await RewindAsync();
        await PlanAsync();

        Assert.Equal([10, 20, 30], await FireSecondsAsync());
    }

    [Fact]
    public async Task PlanOccurrences_RunEndedBefore_IsNotMadeAgain()
    {
        await PutAsync("10s");
        await PlanAsync();
        var worker = await Fleet.RegisterAsync();
        Time.Advance(TimeSpan.FromSeconds(10));
        await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, (await OccurrencesAsync())[0].Id));

        await RewindAsync();
        await PlanAsync();

        Assert.Equal([10, 20, 30, 40], await FireSecondsAsync());
    }

    [Fact]
    public async Task PlanOccurrences_TermIsOver_PlansNothing()
    {
        await PutAsync("10s");
        var term = await Fleet.LeadAsync();

        await Assert.ThrowsAsync<TermLostException>(
            () => Fleet.Get<PlanOccurrences>().ExecuteAsync(term with { Number = term.Number - 1 }, LookAhead, CancellationToken.None));

        Assert.Empty(await OccurrencesAsync());
        Assert.Equal(Fleet.Now, (await ScheduleAsync()).PlannedUntil);
    }

    [Theory]
    [InlineData(MisfirePolicy.Skip, 0)]
    [InlineData(MisfirePolicy.RunLatest, 1)]
    [InlineData(MisfirePolicy.RunAll, PlanOccurrences.RunAllCap)]
    public async Task PlanOccurrences_AfterALongSleep_MakesUpForWhatThePolicySays(MisfirePolicy misfire, int expected)
    {
        await PutAsync("10s", misfire);
        Time.Advance(TimeSpan.FromDays(1));

        await PlanAsync(TimeSpan.Zero);

        // The fire time of right now is not missed; the ones before it are.
        var missed = (await OccurrencesAsync()).Where(r => r.FireTime < Fleet.Now).ToList();
        Assert.Equal(
            Enumerable.Range(1, expected).Select(i => Fleet.Now.AddSeconds(-10 * i)).Reverse(), missed.Select(r => r.FireTime!.Value));
        Assert.All(missed, r => Assert.Equal(r.FireTime, r.DueAt));
        Assert.Single(await OccurrencesAsync(), r => r.FireTime == Fleet.Now);
    }

    [Fact]
    public async Task PlanOccurrences_RunAllBelowTheCap_MakesUpForEach()
    {
        await PutAsync("1h", MisfirePolicy.RunAll);
        Time.Advance(TimeSpan.FromHours(7.5));

        await PlanAsync(TimeSpan.Zero);

        Assert.Equal(Enumerable.Range(1, 7).Select(i => Verbs.Noon.AddHours(i)), (await OccurrencesAsync()).Select(r => r.FireTime!.Value));
    }

    [Fact]
    public async Task PlanOccurrences_ALittleLate_IsNoMisfire()
    {
        await PutAsync("1s", MisfirePolicy.Skip);
        Time.Advance(PlanOccurrences.MisfireAfter);

        await PlanAsync(TimeSpan.Zero);

        Assert.Equal([1, 2, 3, 4, 5], await FireSecondsAsync());
    }

    [Fact]
    public async Task PlanOccurrences_Once_FiresOnceAndStops()
    {
        await PutAsync(new TriggerSpec { At = Fleet.Now.AddSeconds(10) });

        await PlanAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        await PlanAsync();

        Assert.Equal([10], await FireSecondsAsync());
        var schedule = await ScheduleAsync();
        Assert.Equal((ScheduleStatus.Stopped, null), (schedule.Status, schedule.NextPlanAt));
    }

    [Fact]
    public async Task PlanOccurrences_MoreThanABatch_SaysSo()
    {
        for (var i = 0; i <= PlanOccurrences.BatchSize; i++)
            await PutAsync(new TriggerSpec { Every = "10s" }, id: $"s{i}");

        Assert.Equal((PlanOccurrences.BatchSize, true), await PlanAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal((1, false), await PlanAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task PlanOccurrences_OneScheduleCannotBeRead_PlansTheOthers()
    {
        await PutAsync("10s");
        await PutAsync(new TriggerSpec { Cron = "* * * * * *", Zone = "Europe/Berlin" }, id: "broken");
        // A zone that was taken from the time zone data after the schedule was put.
        await Fleet.Storage.WriteAsync(
            scope => scope.Db.Schedules.Where(s => s.Id == "broken")
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.Zone, "Europe/Atlantis")),
            CancellationToken.None);

        await PlanAsync();

        Assert.Equal([10, 20, 30], await FireSecondsAsync());
        var broken = await ScheduleAsync("broken");
        Assert.Equal(ScheduleStatus.Stopped, broken.Status);
        Assert.Contains("Europe/Atlantis", broken.StatusReason, StringComparison.Ordinal);
    }

    /// <summary>A leader whose clock is behind plans it from its own now on.</summary>
    [Fact]
    public async Task PlanOccurrences_BeforeItsCreation_FiresNothing()
    {
        await PutAsync("10s", MisfirePolicy.RunAll);
        var created = Fleet.Now.AddSeconds(95);
        await Fleet.Storage.WriteAsync(
            scope => scope.Db.Schedules.ExecuteUpdateAsync(
                set => set.SetProperty(s => s.CreatedAt, created).SetProperty(s => s.PlannedUntil, Fleet.Now.AddMinutes(-5))),
            CancellationToken.None);

        await PlanAsync();
        Assert.Empty(await OccurrencesAsync());
        Assert.Equal((created, created.AddSeconds(5)), ((await ScheduleAsync()).PlannedUntil, (await ScheduleAsync()).NextPlanAt));

        Time.Advance(TimeSpan.FromSeconds(90));
        await PlanAsync();
        Assert.Equal([100, 110, 120], await FireSecondsAsync());
    }

    [Fact]
    public async Task PlanOccurrences_MaxOccurrences_StopsAfterThemAndCountsNoneThatWereRevoked()
    {
        await PutAsync(new TriggerSpec { Every = "10s" }, with: s => s with { MaxOccurrences = 4 });
        await PlanAsync();
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);
        await Fleet.Get<ControlSchedules>().StartAsync("s", new(Somebody.Me), CancellationToken.None);
        Assert.Equal(0, (await ScheduleAsync()).Planned);

        await PlanAsync();
        Assert.Equal(ScheduleStatus.Running, (await ScheduleAsync()).Status);
        Time.Advance(TimeSpan.FromSeconds(30));
        await PlanAsync();

        Assert.Equal([10, 20, 30, 40], Seconds((await OccurrencesAsync()).Where(r => !r.Revoked)));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (ScheduleStatus.Stopped, "It has fired 4 times, which is its maxOccurrences.", null, 4),
            (schedule.Status, schedule.StatusReason, schedule.NextPlanAt, schedule.Planned));
        // What is planned still has to come.
        Assert.Equal(Verbs.Noon.AddSeconds(40), GetSchedules.NextFire(schedule, Fleet.Now));
        Assert.Null(GetSchedules.NextFire(schedule, Verbs.Noon.AddSeconds(40)));
    }

    [Theory]
    [InlineData(MisfirePolicy.RunLatest, "2h", 1)]
    [InlineData(MisfirePolicy.RunLatest, "20m", 0)]
    [InlineData(MisfirePolicy.RunAll, "2h", 2)]
    [InlineData(MisfirePolicy.RunAll, null, 7)]
    public async Task PlanOccurrences_MisfireDeadline_MakesUpForNothingOlder(MisfirePolicy misfire, string? deadline, int expected)
    {
        await PutAsync(new TriggerSpec { Every = "1h" }, misfire, with: s => s with { MisfireDeadline = deadline });
        Time.Advance(TimeSpan.FromHours(7.5));

        await PlanAsync(TimeSpan.Zero);

        Assert.Equal(
            Enumerable.Range(8 - expected, expected).Select(i => Verbs.Noon.AddHours(i)),
            (await OccurrencesAsync()).Select(r => r.FireTime!.Value));
        Assert.Equal((expected, 7 - expected), ((await ScheduleAsync()).Planned, (await ScheduleAsync()).Missed));
    }

    [Fact]
    public async Task PlanOccurrences_PausedUntil_FiresAfterItWhoeverIsThereThen()
    {
        await PutAsync("10s");
        await PlanAsync();
        await Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now.AddSeconds(60), new(Somebody.Me, "maintenance"),
            CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(40));

        // Within the look-ahead of the end of the pause: from here on nobody has to be there.
        await PlanAsync();

        Assert.Equal([70], Seconds((await OccurrencesAsync()).Where(r => !r.Revoked)));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (ScheduleStatus.Paused, "maintenance", Somebody.Me), (schedule.StatusOf(Fleet.Now), schedule.StatusReason, schedule.StatusBy));
        Assert.Equal(ScheduleStatus.Running, schedule.StatusOf(Verbs.Noon.AddSeconds(60)));
        Assert.Equal(Verbs.Noon.AddSeconds(70), GetSchedules.NextFire(schedule, Fleet.Now));

        Time.Advance(TimeSpan.FromSeconds(20));
        await PlanAsync();
        Assert.Equal([70, 80, 90], Seconds((await OccurrencesAsync()).Where(r => !r.Revoked)));
        schedule = await ScheduleAsync();
        Assert.Equal((ScheduleStatus.Running, PlanOccurrences.EndOfPause, null), (schedule.Status, schedule.StatusBy, schedule.ResumeAt));
    }
}

public sealed class PlanOccurrencesSqliteTests() : PlanOccurrencesTests(new SqliteDatabase());

public sealed class PlanOccurrencesPostgresTests(PostgresServer server) : PlanOccurrencesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class PlanOccurrencesSqlServerTests() : PlanOccurrencesTests(new SqlServerDatabase());
