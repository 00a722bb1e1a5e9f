using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Schedules;

public abstract class PlanOccurrencesTests(TestDatabase database) : StorageVerbs(database)
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

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
    public async Task PutSchedules_Unchanged_RevokesNothing()
    {
        Assert.Equal(PutResult.Created, await PutAsync("10s"));
        await PlanAsync();

        Assert.Equal(PutResult.Unchanged, await PutAsync("10s"));

        Assert.All(await OccurrencesAsync(), r => Assert.Equal(RunState.Pending, r.State));
    }

    [Fact]
    public async Task PutSchedules_OnceFiredAndPutAgain_IsUnchanged()
    {
        // Finer than what the database keeps.
        var spec = new TriggerSpec { At = Fleet.Now.AddSeconds(10).AddTicks(3) };
        await PutAsync(spec);
        Assert.Equal(PutResult.Unchanged, await PutAsync(spec));
        await PlanAsync();
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(PutResult.Unchanged, await PutAsync(spec));
        Assert.Single(await OccurrencesAsync());
    }

    [Fact]
    public async Task PutSchedules_OnceMovedAhead_RunsAgainWithoutTheOldReason()
    {
        await PutAsync(new TriggerSpec { At = Fleet.Now.AddSeconds(10) });
        await PlanAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull((await ScheduleAsync()).StatusReason);

        await PutAsync(new TriggerSpec { At = Fleet.Now.AddHours(1) });

        var schedule = await ScheduleAsync();
        Assert.Equal((ScheduleStatus.Running, null), (schedule.Status, schedule.StatusReason));
    }

    [Fact]
    public async Task PutSchedules_OnceInThePast_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<InvalidRunException>(() => PutAsync(new TriggerSpec { At = Fleet.Now.AddSeconds(-1) }));

        Assert.Equal(("never_fires", "at"), (refused.Error.Code, refused.Error.Field));
        Assert.Empty(await Fleet.ListAsync(db => db.Schedules));
    }

    [Fact]
    public async Task PutSchedules_Changed_RevokesWhatIsAheadAndPlansAnew()
    {
        await PutAsync("10s");
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(PutResult.Changed, await PutAsync("15s"));
        await PlanAsync();

        var runs = await OccurrencesAsync();
        // The one that is due stays, whatever becomes of its schedule.
        Assert.Equal([10, 15, 30], Seconds(runs.Where(r => r.State == RunState.Pending)));
        Assert.Equal([20, 30], Seconds(runs.Where(r => r.Revoked)));
        Assert.All(
            runs.Where(r => r.Revoked), r => Assert.Equal((RunState.Canceled, "Revoked: the schedule was changed."), (r.State, r.Error)));
    }

    [Fact]
    public async Task PutSchedules_UnknownJobByApi_IsRefusedWithAHint()
    {
        var request = new ScheduleRequest { Id = "s", Job = "notes", Trigger = new TriggerSpec { Every = "10s" } };

        var refused = await Assert.ThrowsAsync<InvalidRunException>(
            () => Fleet.Get<PutSchedules>().ExecuteAsync(request, "api", CancellationToken.None));

        Assert.Equal(("unknown_job", "job", "note"), (refused.Error.Code, refused.Error.Field, refused.Error.Allowed));
    }

    [Fact]
    public async Task ControlSchedules_PauseAndResume_SkipsTheTimeBetweenAndMakesNewRunsForRevokedTimes()
    {
        await PutAsync("10s");
        await PlanAsync();

        Assert.True(await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me", "holiday"), CancellationToken.None));
        await PlanAsync();
        Assert.All(await OccurrencesAsync(), r => Assert.Equal((RunState.Canceled, true), (r.State, r.Revoked)));
        Assert.Equal((ScheduleStatus.Paused, "holiday"), ((await ScheduleAsync()).Status, (await ScheduleAsync()).StatusReason));

        Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(await Fleet.Get<ControlSchedules>().StartAsync("s", new("me"), CancellationToken.None));
        await PlanAsync();

        // 10 passed during the pause; 20 and 30 had been planned before it.
        var runs = (await OccurrencesAsync()).Where(r => r.State == RunState.Pending).ToList();
        Assert.Equal([20, 30, 40], Seconds(runs));
        var worker = await Fleet.RegisterAsync();
        Time.Advance(TimeSpan.FromSeconds(5));
        await Fleet.ClaimAsync(worker, runs[0].Id);
    }

    [Fact]
    public async Task ControlSchedules_PutChangedMeanwhile_StaysPaused()
    {
        await PutAsync("10s");
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me"), CancellationToken.None);

        await PutAsync("20s");

        Assert.Equal((0, false), await PlanAsync());
        Assert.Equal(ScheduleStatus.Paused, (await ScheduleAsync()).Status);
    }

    [Fact]
    public async Task ControlSchedules_OccurrenceThatWasTried_IsNotRevoked()
    {
        await PutAsync("10s");
        // Tried before its fire time: the worker's clock runs ahead of ours.
        var tried = Fleet.NewRun(schedule: "s", fireTime: Fleet.Now.AddMilliseconds(50));
        await Fleet.InsertAsync(tried);
        await Fleet.FailAsync(await Fleet.ClaimAsync(await Fleet.RegisterAsync(), tried.Id), TimeSpan.FromHours(1));

        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me"), CancellationToken.None);

        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(tried.Id)).State);
    }

    [Fact]
    public async Task DeleteSchedules_Planned_RevokesWhatIsAheadAndKeepsThePast()
    {
        await PutAsync("10s");
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.True(await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", CancellationToken.None));

        Assert.Empty(await Fleet.ListAsync(db => db.Schedules));
        Assert.Equal([RunState.Pending, RunState.Canceled, RunState.Canceled], (await OccurrencesAsync()).Select(r => r.State));
        Assert.False(await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", CancellationToken.None));
    }

    [Fact]
    public async Task TriggerSchedules_Paused_RunsItsJobNowWithoutAFireTime()
    {
        await PutAsync("10s");
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me"), CancellationToken.None);

        var id = await Fleet.Get<TriggerSchedules>().ExecuteAsync("s", CancellationToken.None);

        var run = await Fleet.ReadAsync(id!.Value);
        Assert.Equal(
            (RunState.Pending, Fleet.Now, "s", null, """{"text":"planned"}"""),
            (run.State, run.DueAt, run.ScheduleId, run.FireTime, run.Args));
        Assert.Null(await Fleet.Get<TriggerSchedules>().ExecuteAsync("t", CancellationToken.None));
    }

    [Fact]
    public async Task PlanOccurrences_MaxOccurrences_StopsAfterThemAndCountsNoneThatWereRevoked()
    {
        await PutAsync(new TriggerSpec { Every = "10s" }, with: s => s with { MaxOccurrences = 4 });
        await PlanAsync();
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me"), CancellationToken.None);
        await Fleet.Get<ControlSchedules>().StartAsync("s", new("me"), CancellationToken.None);
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

    [Fact]
    public async Task PutSchedules_MoreOccurrences_GoesOn()
    {
        await PutAsync(new TriggerSpec { Every = "10s" }, with: s => s with { MaxOccurrences = 1 });
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(10));

        await PutAsync(new TriggerSpec { Every = "10s" }, with: s => s with { MaxOccurrences = 2 });
        await PlanAsync();

        Assert.Equal([10, 20], await FireSecondsAsync());
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
        await Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now.AddSeconds(60), new("me", "maintenance"), CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(40));

        // Within the look-ahead of the end of the pause: from here on nobody has to be there.
        await PlanAsync();

        Assert.Equal([70], Seconds((await OccurrencesAsync()).Where(r => !r.Revoked)));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (ScheduleStatus.Paused, "maintenance", "me"), (schedule.StatusOf(Fleet.Now), schedule.StatusReason, schedule.StatusBy));
        Assert.Equal(ScheduleStatus.Running, schedule.StatusOf(Verbs.Noon.AddSeconds(60)));
        Assert.Equal(Verbs.Noon.AddSeconds(70), GetSchedules.NextFire(schedule, Fleet.Now));

        Time.Advance(TimeSpan.FromSeconds(20));
        await PlanAsync();
        Assert.Equal([70, 80, 90], Seconds((await OccurrencesAsync()).Where(r => !r.Revoked)));
        schedule = await ScheduleAsync();
        Assert.Equal((ScheduleStatus.Running, null, null), (schedule.Status, schedule.StatusBy, schedule.ResumeAt));
    }

    [Fact]
    public async Task Schedule_RestOfItsTrigger_EndsWithTheLastOccurrenceAndBeginsAfterThePause()
    {
        await PutAsync(new TriggerSpec { Every = "10s" }, with: s => s with { MaxOccurrences = 5 });
        await PlanAsync();
        var schedule = await ScheduleAsync();
        IEnumerable<double> Rest() =>
            schedule.RestOf(schedule.ParseTrigger(), Fleet.Now).Between(Fleet.Now, Fleet.Now.AddDays(1))
            .Select(t => (t - Verbs.Noon).TotalSeconds);
        Assert.Equal([10, 20, 30, 40, 50], Rest());

        await Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now.AddSeconds(60), new("me"), CancellationToken.None);
        schedule = await ScheduleAsync();
        Assert.Equal([70, 80, 90, 100, 110], Rest());
    }

    [Fact]
    public async Task ControlSchedules_PauseUntilThePast_IsRefused()
    {
        await PutAsync("10s");

        var refused = await Assert.ThrowsAsync<InvalidRunException>(
            () => Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now, new("me"), CancellationToken.None));

        Assert.Equal(("invalid_instant", "until"), (refused.Error.Code, refused.Error.Field));
    }

    [Fact]
    public async Task ControlSchedules_Stopped_StaysSoThroughAnEditUntilItIsStarted()
    {
        await PutAsync("10s");
        await PlanAsync();

        Assert.True(await Fleet.Get<ControlSchedules>().StopAsync("s", new("me", "no more"), CancellationToken.None));
        await PutAsync("20s");
        await PlanAsync();

        Assert.All(
            await OccurrencesAsync(), r => Assert.Equal((RunState.Canceled, "Revoked: the schedule was stopped."), (r.State, r.Error)));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (ScheduleStatus.Stopped, "no more", "me", Verbs.Noon),
            (schedule.Status, schedule.StatusReason, schedule.StatusBy, schedule.StatusSince));
        Assert.Null(GetSchedules.NextFire(schedule, Fleet.Now));

        Assert.True(await Fleet.Get<ControlSchedules>().StartAsync("s", new("you"), CancellationToken.None));
        await PlanAsync();
        Assert.Equal([20], Seconds((await OccurrencesAsync()).Where(r => r.State == RunState.Pending)));
        Assert.Equal((ScheduleStatus.Running, "you"), ((await ScheduleAsync()).Status, (await ScheduleAsync()).StatusBy));
        Assert.False(await Fleet.Get<ControlSchedules>().StopAsync("t", new("me"), CancellationToken.None));
    }

    [Fact]
    public async Task ControlSchedules_EachChange_TellsTheOtherProcesses()
    {
        await PutAsync("10s");
        await PutAsync("10s");
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new("me"), CancellationToken.None);
        await Fleet.Get<ControlSchedules>().StartAsync("s", new("me"), CancellationToken.None);
        await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", CancellationToken.None);

        // An unchanged put is no change.
        Assert.Equal(4, Fleet.Transport.Controls.Count(c => c.SchedulesChanged));
    }

    [Theory]
    [InlineData("maxOccurrences")]
    [InlineData("misfireDeadline")]
    [InlineData("labels.Team")]
    [InlineData("labels.team")]
    [InlineData("endsAt")]
    [InlineData("startsAt")]
    public async Task PutSchedules_Wrong_NamesTheField(string field)
    {
        ScheduleRequest Wrong(ScheduleRequest s) => field switch
        {
            "maxOccurrences" => s with { MaxOccurrences = 0 },
            "misfireDeadline" => s with { MisfireDeadline = "0s" },
            "labels.Team" => s with { Labels = new Dictionary<string, string> { ["Team"] = "a" } },
            "labels.team" => s with { Labels = new Dictionary<string, string> { ["team"] = "a\n" } },
            "endsAt" => s with { Trigger = s.Trigger with { EndsAt = Verbs.Noon } },
            _ => s with { Trigger = s.Trigger with { StartsAt = Verbs.Noon.AddDays(4000) } },
        };

        var refused = await Assert.ThrowsAsync<InvalidRunException>(() => PutAsync(new TriggerSpec { Every = "10s" }, with: Wrong));

        Assert.Equal(field, refused.Error.Field);
        Assert.StartsWith(field + ":", refused.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutSchedules_AllFields_AreStoredAndUnchangedWhenPutAgain()
    {
        static ScheduleRequest All(ScheduleRequest s) => s with
        {
            MaxOccurrences = 5,
            MisfireDeadline = "1h",
            Overlap = OverlapPolicy.Queue,
            Labels = new Dictionary<string, string> { ["team"] = "a", ["area"] = "b" },
            Trigger = s.Trigger
                with
            {
                StartsAt = Verbs.Noon,
                EndsAt = Verbs.Noon.AddDays(9),
                Exclude = ["12-25", "2026-12-24"],
                Jitter = "5m",
                Zone = "Europe/Berlin"
            },
        };

        Assert.Equal(PutResult.Created, await PutAsync(new TriggerSpec { Every = "10s" }, with: All));
        Assert.Equal(PutResult.Unchanged, await PutAsync(new TriggerSpec { Every = "10s" }, with: All));
        var schedule = await ScheduleAsync();
        Assert.Equal(["12-25", "2026-12-24"], schedule.ReadTrigger().Exclude!);
        Assert.Equal("a", schedule.ReadLabels()["team"]);
        Assert.Equal(PutResult.Changed, await PutAsync(new TriggerSpec { Every = "10s" }));
    }

    private static IEnumerable<double> Seconds(IEnumerable<Run> runs) => runs.Select(r => (r.FireTime!.Value - Verbs.Noon).TotalSeconds);

    private Task<PutResult> PutAsync(string every, MisfirePolicy misfire = MisfirePolicy.RunLatest) =>
        PutAsync(new TriggerSpec { Every = every }, misfire);

    private Task<PutResult> PutAsync(
        TriggerSpec trigger, MisfirePolicy misfire = MisfirePolicy.RunLatest, string id = "s",
        Func<ScheduleRequest, ScheduleRequest>? with = null)
    {
        var request = new ScheduleRequest { Id = id, Job = "note", Args = """{"text":"planned"}""", Trigger = trigger, Misfire = misfire };
        return Fleet.Get<PutSchedules>().ExecuteAsync(with?.Invoke(request) ?? request, "api", CancellationToken.None);
    }

    private async Task<(int Planned, bool More)> PlanAsync(TimeSpan? lookAhead = null) =>
        await Fleet.Get<PlanOccurrences>().ExecuteAsync(await Fleet.LeadAsync(), lookAhead ?? LookAhead, CancellationToken.None);

    /// <summary>Puts the schedule back to where it was before its first plan.</summary>
    private Task<int> RewindAsync() => Fleet.Storage.WriteAsync(
        scope => scope.Db.Schedules.ExecuteUpdateAsync(
            set => set.SetProperty(s => s.PlannedUntil, Verbs.Noon).SetProperty(s => s.NextPlanAt, Verbs.Noon)),
        CancellationToken.None);

    private Task<List<Run>> OccurrencesAsync() =>
        Fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "s").OrderBy(r => r.FireTime).ThenBy(r => r.CreatedAt));

    private async Task<IEnumerable<double>> FireSecondsAsync() => Seconds(await OccurrencesAsync());

    private async Task<Schedule> ScheduleAsync(string id = "s") =>
        Assert.Single(await Fleet.ListAsync(db => db.Schedules.Where(s => s.Id == id)));
}

public sealed class PlanOccurrencesSqliteTests() : PlanOccurrencesTests(new SqliteDatabase());

public sealed class PlanOccurrencesPostgresTests(PostgresServer server) : PlanOccurrencesTests(new PostgresDatabase(server));

public sealed class PlanOccurrencesSqlServerTests() : PlanOccurrencesTests(new SqlServerDatabase());
