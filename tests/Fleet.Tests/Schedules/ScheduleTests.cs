using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Schedules;

/// <summary>What a stored schedule says of itself.</summary>
public abstract class ScheduleTests(TestDatabase database) : ScheduleVerbs(database)
{
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

        await Fleet.Get<ControlSchedules>().PauseAsync("s", Fleet.Now.AddSeconds(60), new(Somebody.Me), CancellationToken.None);
        schedule = await ScheduleAsync();
        Assert.Equal([70, 80, 90, 100, 110], Rest());
    }
}

public sealed class ScheduleSqliteTests() : ScheduleTests(new SqliteDatabase());

public sealed class SchedulePostgresTests(PostgresServer server) : ScheduleTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class ScheduleSqlServerTests() : ScheduleTests(new SqlServerDatabase());
