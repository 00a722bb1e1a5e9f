using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Schedules;

public abstract class GetSchedulesTests(TestDatabase database) : StorageVerbs(database)
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Find_PlannedAhead_LastIsPastAndNextIsNext()
    {
        await PutAsync();
        await PlanAsync();
        var fresh = await FindAsync();
        Time.Advance(TimeSpan.FromSeconds(25));
        await PlanAsync();
        var later = await FindAsync();

        Assert.Equal((null, 10), (fresh.LastFireTime, Seconds(fresh.NextFireAt)));
        Assert.Equal((20, 30, 55), (Seconds(later.LastFireTime), Seconds(later.NextFireAt), Seconds(later.Row.PlannedUntil)));
    }

    [Fact]
    public async Task Find_RevokedBeforeItsTime_HasNotFired()
    {
        await PutAsync();
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(15));
        await Fleet.Get<ControlSchedules>().PauseAsync("s", null, new ScheduleControl(Somebody.Me), CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(10, Seconds((await FindAsync()).LastFireTime));
    }

    [Fact]
    public async Task Find_RunsArePruned_StillKnowsWhenItFired()
    {
        await PutAsync();
        await PlanAsync();
        Time.Advance(TimeSpan.FromMinutes(5));
        await Fleet.Storage.WriteAsync(scope => scope.Db.Runs.Where(r => r.ScheduleId == "s").ExecuteDeleteAsync(), CancellationToken.None);

        Assert.Equal(30, Seconds((await FindAsync()).LastFireTime));
        Assert.Equal(30, Seconds(Assert.Single(await Fleet.Get<GetSchedules>().ListAsync(CancellationToken.None)).LastFireTime));
    }

    private static double? Seconds(DateTimeOffset? at) => (at - Verbs.Noon)?.TotalSeconds;

    private Task<PutResult> PutAsync() => Fleet.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = "s", Job = "note", Trigger = new TriggerSpec { Every = "10s" } }, "code", Somebody.Me,
            CancellationToken.None);

    private async Task PlanAsync() => await Fleet.Get<PlanOccurrences>().ExecuteAsync(
        (await Fleet.Get<LeaderLease>().AcquireAsync("me", TimeSpan.FromHours(1), CancellationToken.None))!.Value, LookAhead,
        CancellationToken.None);

    private async Task<DescribedSchedule> FindAsync() => (await Fleet.Get<GetSchedules>().FindAsync("s", CancellationToken.None))!;
}

public sealed class SqliteGetSchedulesTests() : GetSchedulesTests(new SqliteDatabase());

public sealed class PostgresGetSchedulesTests(PostgresServer server) : GetSchedulesTests(new PostgresDatabase(server));
