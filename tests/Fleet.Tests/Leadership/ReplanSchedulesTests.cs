using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Leadership;

public abstract class ReplanSchedulesTests(TestDatabase database) : StorageVerbs(database)
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ReplanSchedules_PlannedByAClockAhead_IsPlannedFromNowOnAndNothingTwice()
    {
        await PutAsync();
        var term = await Fleet.LeadAsync();
        await PlanAsync(term);
        await MoveAsync(Fleet.Now + TimeSpan.FromHours(1));
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((0, false), await PlanAsync(term));

        Assert.Equal(1, await ReplanAsync(term));
        await PlanAsync(term);

        var runs = await Fleet.ListAsync(db => db.Runs.OrderBy(r => r.FireTime));
        Assert.Equal([10, 20, 30, 40], runs.Select(r => (r.FireTime!.Value - Verbs.Noon).TotalSeconds));
    }

    [Fact]
    public async Task ReplanSchedules_PlannedAsFarAsLeadersLook_IsLeft()
    {
        await PutAsync();
        var term = await Fleet.LeadAsync();
        await PlanAsync(term);

        Assert.Equal(0, await ReplanAsync(term));
    }

    [Fact]
    public async Task ReplanSchedules_PausedUntilAnInstant_StaysPaused()
    {
        await PutAsync();
        await Fleet.Get<ControlSchedules>()
            .PauseAsync("s", Fleet.Now + TimeSpan.FromHours(1), new(Somebody.Me, "because"), CancellationToken.None);

        Assert.Equal(0, await ReplanAsync(await Fleet.LeadAsync()));
    }

    [Fact]
    public async Task ReplanSchedules_TermIsOver_ChangesNothing()
    {
        await PutAsync();
        await MoveAsync(Fleet.Now + TimeSpan.FromHours(1));
        var term = await Fleet.LeadAsync();

        await Assert.ThrowsAsync<TermLostException>(() => ReplanAsync(term with { Number = term.Number - 1 }));

        Assert.Equal(1, await ReplanAsync(term));
    }

    /// <summary>By a leader whose clock is behind: what was halted until the last change, or defined otherwise, does not fire.</summary>
    [Fact]
    public async Task ReplanSchedules_ChangedSinceByTheClockOfTheDatabase_IsPlannedFromTheChangeOn()
    {
        await PutAsync();
        var term = await Fleet.LeadAsync();
        var clock = await Fleet.Storage.WriteAsync(
            scope => Fleet.Storage.GetClockAsync(scope, CancellationToken.None), CancellationToken.None);
        var changed = Fleet.Now + TimeSpan.FromMinutes(10);
        await Fleet.Storage.WriteAsync(
            scope => scope.Db.Schedules.ExecuteUpdateAsync(set => set.SetProperty(s => s.UpdatedAt, changed)), CancellationToken.None);
        await MoveAsync(changed);

        Assert.Equal(1, await ReplanAsync(term));

        // With SQLite both clocks are one, and the change carries a time that is still to come: it is not believed.
        var schedule = Assert.Single(await Fleet.ListAsync(db => db.Schedules));
        Assert.Equal(changed <= clock ? changed : Fleet.Now, schedule.PlannedUntil);
        Assert.Equal(schedule.PlannedUntil, schedule.NextPlanAt);
    }

    private Task<int> ReplanAsync(Term term) => Fleet.Get<ReplanSchedules>().ExecuteAsync(term, LookAhead, CancellationToken.None);

    private Task<(int Planned, bool More)> PlanAsync(Term term) =>
        Fleet.Get<PlanOccurrences>().ExecuteAsync(term, LookAhead, CancellationToken.None);

    private Task<PutResult> PutAsync() => Fleet.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = "s", Job = "note", Trigger = new TriggerSpec { Every = "10s" } }, "code", Somebody.Me,
            CancellationToken.None);

    /// <summary>As a leader leaves it whose clock shows that time.</summary>
    private Task<int> MoveAsync(DateTimeOffset clock) => Fleet.Storage.WriteAsync(
        scope => scope.Db.Schedules.ExecuteUpdateAsync(
            set => set.SetProperty(s => s.PlannedUntil, clock + LookAhead).SetProperty(s => s.NextPlanAt, clock + LookAhead)),
        CancellationToken.None);
}

public sealed class ReplanSchedulesSqliteTests() : ReplanSchedulesTests(new SqliteDatabase());

public sealed class ReplanSchedulesPostgresTests(PostgresServer server) : ReplanSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class ReplanSchedulesSqlServerTests() : ReplanSchedulesTests(new SqlServerDatabase());
