using Fleet.Core.Schedules.Control;
using Fleet.Tests.Support;

namespace Fleet.Tests.Schedules;

/// <summary>Runs the job of a schedule now.</summary>
public abstract class TriggerSchedulesTests(TestDatabase database) : ScheduleVerbs(database)
{
    [Fact]
    public async Task TriggerSchedules_Paused_RunsItsJobNowWithoutAFireTime()
    {
        await PutAsync("10s");
        await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);

        var id = await Fleet.Get<TriggerSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None);

        var run = await Fleet.ReadAsync(id!.Value);
        Assert.Equal(
            (RunState.Pending, Fleet.Now, "s", null, """{"text":"planned"}"""),
            (run.State, run.DueAt, run.ScheduleId, run.FireTime, run.Args));
        Assert.Null(await Fleet.Get<TriggerSchedules>().ExecuteAsync("t", Somebody.Me, CancellationToken.None));
    }
}

public sealed class TriggerSchedulesSqliteTests() : TriggerSchedulesTests(new SqliteDatabase());

public sealed class TriggerSchedulesPostgresTests(PostgresServer server) : TriggerSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class TriggerSchedulesSqlServerTests() : TriggerSchedulesTests(new SqlServerDatabase());
