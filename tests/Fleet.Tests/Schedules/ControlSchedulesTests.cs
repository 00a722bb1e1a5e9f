using Fleet.Core.Schedules.Control;
using Fleet.Tests.Support;

namespace Fleet.Tests.Schedules;

/// <summary>Pauses, stops and starts schedules.</summary>
public abstract class ControlSchedulesTests(TestDatabase database) : ScheduleVerbs(database)
{
    [Fact]
    public async Task ControlSchedules_PauseAndResume_SkipsTheTimeBetweenAndMakesNewRunsForRevokedTimes()
    {
        await PutAsync("10s");
        await PlanAsync();

        Assert.True(await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me, "holiday"), CancellationToken.None));
        await PlanAsync();
        Assert.All(await OccurrencesAsync(), r => Assert.Equal((RunState.Canceled, true), (r.State, r.Revoked)));
        Assert.Equal((ScheduleStatus.Paused, "holiday"), ((await ScheduleAsync()).Status, (await ScheduleAsync()).StatusReason));

        Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(await Fleet.Get<ControlSchedules>().StartAsync("s", new(Somebody.Me), CancellationToken.None));
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
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);

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

        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);

        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(tried.Id)).State);
    }

    [Fact]
    public async Task ControlSchedules_PauseUntilThePast_IsRefused()
    {
        await PutAsync("10s");

        var refused = await Assert.ThrowsAsync<InvalidRunException>(
            () => Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now, new(Somebody.Me), CancellationToken.None));

        Assert.Equal(("invalid_instant", "until"), (refused.Error.Code, refused.Error.Field));
    }

    [Fact]
    public async Task ControlSchedules_Stopped_StaysSoThroughAnEditUntilItIsStarted()
    {
        await PutAsync("10s");
        await PlanAsync();

        Assert.True(await Fleet.Get<ControlSchedules>().StopAsync("s", new(Somebody.Me, "no more"), CancellationToken.None));
        await PutAsync("20s");
        await PlanAsync();

        Assert.All(
            await OccurrencesAsync(), r => Assert.Equal((RunState.Canceled, "Revoked: the schedule was stopped."), (r.State, r.Error)));
        var schedule = await ScheduleAsync();
        Assert.Equal(
            (ScheduleStatus.Stopped, "no more", Somebody.Me, Verbs.Noon),
            (schedule.Status, schedule.StatusReason, schedule.StatusBy, schedule.StatusSince));
        Assert.Null(GetSchedules.NextFire(schedule, Fleet.Now));

        Assert.True(await Fleet.Get<ControlSchedules>().StartAsync("s", new(Somebody.You), CancellationToken.None));
        await PlanAsync();
        Assert.Equal([20], Seconds((await OccurrencesAsync()).Where(r => r.State == RunState.Pending)));
        Assert.Equal((ScheduleStatus.Running, Somebody.You), ((await ScheduleAsync()).Status, (await ScheduleAsync()).StatusBy));
        Assert.False(await Fleet.Get<ControlSchedules>().StopAsync("t", new(Somebody.Me), CancellationToken.None));
    }

    [Fact]
    public async Task ControlSchedules_EachChange_TellsTheOtherProcesses()
    {
        await PutAsync("10s");
        await PutAsync("10s");
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);
        await Fleet.Get<ControlSchedules>().StartAsync("s", new(Somebody.Me), CancellationToken.None);
        await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None);

        // An unchanged put is no change.
        Assert.Equal(4, Fleet.Transport.Controls.Count(c => c.SchedulesChanged));
    }
}

public sealed class ControlSchedulesSqliteTests() : ControlSchedulesTests(new SqliteDatabase());

public sealed class ControlSchedulesPostgresTests(PostgresServer server) : ControlSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class ControlSchedulesSqlServerTests() : ControlSchedulesTests(new SqlServerDatabase());
