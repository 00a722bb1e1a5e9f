using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Schedules;

/// <summary>Creates and changes schedules.</summary>
public abstract class PutSchedulesTests(TestDatabase database) : ScheduleVerbs(database)
{
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
            () => Fleet.Get<PutSchedules>().ExecuteAsync(request, "api", Somebody.Me, CancellationToken.None));

        Assert.Equal(("unknown_job", "job", "note"), (refused.Error.Code, refused.Error.Field, refused.Error.Allowed));
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
}

public sealed class PutSchedulesSqliteTests() : PutSchedulesTests(new SqliteDatabase());

public sealed class PutSchedulesPostgresTests(PostgresServer server) : PutSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class PutSchedulesSqlServerTests() : PutSchedulesTests(new SqlServerDatabase());
