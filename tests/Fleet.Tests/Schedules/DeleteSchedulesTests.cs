using Fleet.Core.Schedules.Control;
using Fleet.Tests.Support;

namespace Fleet.Tests.Schedules;

/// <summary>Deletes schedules.</summary>
public abstract class DeleteSchedulesTests(TestDatabase database) : ScheduleVerbs(database)
{
    [Fact]
    public async Task DeleteSchedules_Planned_RevokesWhatIsAheadAndKeepsThePast()
    {
        await PutAsync("10s");
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(10));

        Assert.True(await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None));

        Assert.Empty(await Fleet.ListAsync(db => db.Schedules));
        Assert.Equal([RunState.Pending, RunState.Canceled, RunState.Canceled], (await OccurrencesAsync()).Select(r => r.State));
        Assert.False(await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None));
    }
}

public sealed class DeleteSchedulesSqliteTests() : DeleteSchedulesTests(new SqliteDatabase());

public sealed class DeleteSchedulesPostgresTests(PostgresServer server) : DeleteSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class DeleteSchedulesSqlServerTests() : DeleteSchedulesTests(new SqlServerDatabase());
