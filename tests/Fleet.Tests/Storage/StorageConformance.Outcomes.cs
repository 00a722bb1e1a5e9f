using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task GetOutcomes_FireTimesOfEveryKind_SayWhatBecameOfThem()
    {
        await PutAsync("s");
        Time.Advance(TimeSpan.FromHours(12));
        var worker = await One.RegisterAsync();
        var ids = new Dictionary<int, RunId>();
        foreach (var hour in new[] { 1, 2, 3, 4, 5, 6, 8, 9, 10, 20 })
            ids[hour] = await OccurrenceAsync("s", hour);
        // Hour 1 succeeded after a retry: it started at 12:00 and took 5 s in its second attempt.
        await One.FailAsync(await One.ClaimAsync(worker, ids[1]), TimeSpan.Zero);
        Time.Advance(TimeSpan.FromSeconds(10));
        var succeeded = await One.ClaimAsync(worker, ids[1]);
        Time.Advance(TimeSpan.FromSeconds(5));
        await One.CompleteAsync(succeeded);
        await One.FailAsync(await One.ClaimAsync(worker, ids[2]));
        await One.CancelAsync(ids[3]);
        await CanceledAsync(ids[4], CancelCause.Overlap);
        await CanceledAsync(ids[5], CancelCause.Replaced);
        await RevokeAsync(ids[6]);
        await MisfireAsync("s", 7, 7, 1);
        // The fire time of 8 was revoked, and then planned again.
        await RevokeAsync(ids[8]);
        await OccurrenceAsync("s", 8);
        await One.ClaimAsync(worker, ids[9]);
        await One.FailAsync(await One.ClaimAsync(worker, ids[10]), TimeSpan.FromHours(1));
        await One.Get<DeleteRuns>().ExecuteAsync([ids[3]], Somebody.Me, CancellationToken.None);
        await MisfireAsync("s", 11, 12, 7);
        await OccurrenceAsync("other", 1);
        Time.Advance(TimeSpan.FromSeconds(3));

        var outcomes = (await One.Get<GetOutcomes>().FindAsync("s", 30, CancellationToken.None))!;

        Assert.Equal(
            [
                (12, OccurrenceOutcome.Missed), (10, OccurrenceOutcome.Retrying), (9, OccurrenceOutcome.Running),
                (8, OccurrenceOutcome.Waiting), (7, OccurrenceOutcome.Missed), (6, OccurrenceOutcome.Revoked),
                (5, OccurrenceOutcome.Replaced), (4, OccurrenceOutcome.Skipped), (3, OccurrenceOutcome.Deleted),
                (2, OccurrenceOutcome.Failed), (1, OccurrenceOutcome.Succeeded),
            ],
            outcomes.Select(o => ((int)(o.FireTime - Support.Verbs.Noon).TotalHours, o.Outcome)));
        var first = outcomes[^1];
        Assert.Equal(
            (ids[1], Support.Verbs.Noon.AddHours(12), TimeSpan.FromHours(11), TimeSpan.FromSeconds(5)),
            (first.Run, first.StartedAt, first.LateBy, first.Duration));
        Assert.Equal(Support.Verbs.Noon.AddHours(12).AddSeconds(15), first.FinishedAt);
        // What runs or waits is measured until now; what never started has neither.
        Assert.Equal((TimeSpan.FromSeconds(3), null), (outcomes[2].Duration, outcomes[2].FinishedAt));
        Assert.Equal((new TimeSpan(4, 0, 18), null), (outcomes[3].LateBy, outcomes[3].Duration));
        Assert.Equal((null, null, null), (outcomes[8].LateBy, outcomes[8].Duration, outcomes[8].Run));
        Assert.Equal(
            (null, 7, Support.Verbs.Noon.AddHours(11)), (outcomes[0].Run, outcomes[0].Count, outcomes[0].First));
        Assert.Equal(outcomes.Take(4), (await One.Get<GetOutcomes>().FindAsync("s", 4, CancellationToken.None))!);
        Assert.Null(await One.Get<GetOutcomes>().FindAsync("none", 4, CancellationToken.None));
    }

    [Fact]
    public async Task GetOutcomes_ManySchedules_EachHasItsOwn()
    {
        var names = Enumerable.Range(0, 230).Select(i => $"s{i}").ToList();
        await One.Storage.WriteAsync(
            session => One.Storage.Statements.InsertAsync(
                session,
                [
                    .. from name in names.Take(220)
                       from hour in new[] { -3, -2, -1 }
                       select One.NewRun(schedule: name, fireTime: Support.Verbs.Noon.AddHours(hour)),
                ],
                CancellationToken.None),
            CancellationToken.None);

        var outcomes = await One.Get<GetOutcomes>().ListAsync(names, 2, CancellationToken.None);

        Assert.Equal(names.Order(StringComparer.Ordinal), outcomes.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            names.Take(220), name => Assert.Equal([-1, -2], outcomes[name].Select(o => (o.FireTime - Support.Verbs.Noon).TotalHours)));
        Assert.All(names.Skip(220), name => Assert.Empty(outcomes[name]));
        Assert.Empty(await One.Get<GetOutcomes>().ListAsync([], 2, CancellationToken.None));
    }

    private Task<PutResult> PutAsync(string id) => One.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = id, Job = "note", Args = """{"text":"a"}""", Trigger = new TriggerSpec { Every = "1h" } }, "api",
        Somebody.Me, CancellationToken.None);

    private async Task<RunId> OccurrenceAsync(string schedule, int hour)
    {
        var run = One.NewRun(schedule: schedule, fireTime: Support.Verbs.Noon.AddHours(hour));
        await One.InsertAsync(run);
        return run.Id;
    }

    private Task<bool> CanceledAsync(RunId id, CancelCause cause) => One.Storage.WriteAsync(
        async session =>
        {
            await One.Storage.Gates.CancelPendingAsync(session, id, cause, "of a test", Somebody.Me, One.Now, CancellationToken.None);
            return true;
        },
        CancellationToken.None);

    private Task<int> RevokeAsync(RunId id) => One.Storage.WriteAsync(
        session => session.Db.Runs.Where(r => r.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.State, RunState.Canceled).SetProperty(r => r.Revoked, true)
                .SetProperty(r => r.FinishedAt, One.Now).SetProperty(r => r.CancelCause, CancelCause.Revoked)),
        CancellationToken.None);

    private Task<int> MisfireAsync(string schedule, int first, int last, int count) => One.Storage.WriteAsync(
        session =>
        {
            session.Db.Misfires.Add(new Misfire
            {
                ScheduleId = schedule,
                First = Support.Verbs.Noon.AddHours(first),
                Last = Support.Verbs.Noon.AddHours(last),
                Count = count,
                At = One.Now,
            });
            return session.Db.SaveChangesAsync();
        },
        CancellationToken.None);
}
