using Fleet.Core.Gates;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Schedules;

/// <summary>Runs for fire times of the past, and the figures that tell which are missing.</summary>
public abstract class BackfillSchedulesTests(TestDatabase database) : StorageVerbs(database)
{
    [Fact]
    public async Task BackfillSchedules_HalfHasRun_MakesTheOtherHalfOneAfterTheOther()
    {
        await PutAsync();
        Time.Advance(TimeSpan.FromHours(6));
        await RunOfAsync(2);
        await RunOfAsync(3);

        var plan = await BackfillAsync(1, 5, perMinute: 2);

        Assert.Equal(new BackfillPlan(2, 2, Hour(1), Hour(4), Fleet.Now.AddSeconds(30), Hour(2)), plan);
        var made = (await OccurrencesAsync()).Where(r => r.FireTime == Hour(1) || r.FireTime == Hour(4)).ToList();
        Assert.Equal([(Hour(1), Fleet.Now), (Hour(4), Fleet.Now.AddSeconds(30))], made.Select(r => (r.FireTime!.Value, r.DueAt)));
        Assert.All(
            made, r => Assert.Equal((RunState.Pending, false, "slow", """{"text":"planned"}"""), (r.State, r.Staged, r.Lane, r.Args)));
        // Again, over more: nothing is made twice.
        Assert.Equal(0, (await BackfillAsync(1, 5))!.Count);
        Assert.Equal(1, (await BackfillAsync(1, 6))!.Count);
        Assert.Equal(0, (await Fleet.ListAsync(db => db.Schedules))[0].Planned);
    }

    [Fact]
    public async Task BackfillSchedules_DryRun_MakesNothing()
    {
        await PutAsync();
        Time.Advance(TimeSpan.FromHours(6));

        Assert.Equal(4, (await BackfillAsync(1, 5, dryRun: true))!.Count);

        Assert.Empty(await OccurrencesAsync());
    }

    [Fact]
    public async Task BackfillSchedules_NoOverlapAllowed_Queues()
    {
        await PutAsync(s => s with { Overlap = OverlapPolicy.Skip });
        Time.Advance(TimeSpan.FromHours(6));
        await BackfillAsync(1, 5, perMinute: 60_000);
        Time.Advance(TimeSpan.FromSeconds(1));
        var worker = await Fleet.RegisterAsync();
        var runs = await OccurrencesAsync();

        var first = await Fleet.ClaimAsync(worker, runs[0].Id);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, runs[1].Id)).Status);
        await Fleet.CompleteAsync(first);
        await Fleet.ClaimAsync(worker, runs[1].Id);
    }

    [Theory]
    [InlineData(OverlapPolicy.Skip)]
    [InlineData(OverlapPolicy.Queue)]
    [InlineData(OverlapPolicy.Replace)]
    public async Task BackfillSchedules_MoreThanTheQueueHolds_AllRunAndLiveOnesGoFirst(OverlapPolicy overlap)
    {
        await PutAsync(s => s with { Trigger = new TriggerSpec { Every = "1m" }, Overlap = overlap });
        Time.Advance(TimeSpan.FromHours(6));
        var count = (await BackfillAsync(1, 4, perMinute: 60_000))!.Count;
        Assert.True(count > OverlapGate.QueueCap);
        Time.Advance(TimeSpan.FromMinutes(1));
        var worker = await Fleet.RegisterAsync();
        var runs = await OccurrencesAsync();
        var running = await Fleet.ClaimAsync(worker, runs[0].Id);

        // A nudge for each: none is lost by coming too early.
        foreach (var run in runs.Skip(1))
            Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, run.Id)).Status);
        Assert.Empty(await Fleet.ListAsync(db => db.Runs.Where(r => r.State == RunState.Canceled || r.CancelRequestedAt != null)));

        // A live occurrence waits for the one that runs, and then goes before all others.
        var live = Fleet.NewRun(schedule: "s", fireTime: Fleet.Now) with { Overlap = overlap, Staged = true };
        await Fleet.InsertAsync(live);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, live.Id)).Status);
        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(live.Id)).State);
        await Fleet.CompleteAsync(running);
        await Fleet.Get<IRunGates>().PassOnAsync(running.Id, CancellationToken.None);
        Assert.Equal(live.Id, (await Fleet.Transport.NextAsync()).Id);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, runs[1].Id)).Status);
        await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, live.Id));

        // One after the other, by the nudge that the end of each gives the next.
        await Fleet.Get<IRunGates>().PassOnAsync(live.Id, CancellationToken.None);
        foreach (var run in runs.Skip(1).Take(5))
        {
            Assert.Equal(run.Id, (await Fleet.Transport.NextAsync()).Id);
            await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, run.Id));
            await Fleet.Get<IRunGates>().PassOnAsync(run.Id, CancellationToken.None);
        }
    }

    [Fact]
    public async Task OverlapGate_BackfillWaitsForItsRetry_HoldsUpLaterOnesOfItButNoLiveRun()
    {
        await PutAsync(s => s with { Overlap = OverlapPolicy.Skip });
        Time.Advance(TimeSpan.FromHours(6));
        await BackfillAsync(1, 3, perMinute: 60_000);
        Time.Advance(TimeSpan.FromSeconds(1));
        var worker = await Fleet.RegisterAsync();
        var runs = await OccurrencesAsync();
        await Fleet.FailAsync(await Fleet.ClaimAsync(worker, runs[0].Id), retryIn: TimeSpan.FromHours(1));

        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, runs[1].Id)).Status);
        var live = Fleet.NewRun(schedule: "s", fireTime: Fleet.Now) with { Overlap = OverlapPolicy.Skip, Staged = true };
        await Fleet.InsertAsync(live);
        await Fleet.ClaimAsync(worker, live.Id);
    }

    [Theory]
    [InlineData("until", "invalid_range", 1, 7, 60, null)]
    [InlineData("from", "invalid_range", 2, 2, 60, null)]
    [InlineData("perMinute", "invalid_per_minute", 1, 2, 0, null)]
    [InlineData("lane", "invalid_lane", 1, 2, 60, "No Lane")]
    [InlineData("until", "range_too_long", -20_000, 2, 60, null)]
    public async Task BackfillSchedules_Wrong_NamesTheField(string field, string code, int from, int until, int perMinute, string? lane)
    {
        await PutAsync();
        Time.Advance(TimeSpan.FromHours(6));

        var refused = await Assert.ThrowsAsync<InvalidRunException>(() => BackfillAsync(from, until, perMinute, lane));

        Assert.Equal((field, code), (refused.Error.Field, refused.Error.Code));
    }

    [Fact]
    public async Task BackfillSchedules_UnknownSchedule_IsNull()
    {
        Time.Advance(TimeSpan.FromHours(6));

        Assert.Null(await BackfillAsync(1, 2));
    }

    [Fact]
    public async Task GetScheduleFigures_OfADay_AccountForEveryFireTime()
    {
        await PutAsync();
        Time.Advance(TimeSpan.FromHours(8));
        var worker = await Fleet.RegisterAsync();
        // 1 and 2 fired, the second one 40 minutes late; 3 was skipped, 4 canceled, 5 waits, 6 is revoked, 7 and 8 were never planned.
        foreach (var hour in new[] { 1, 2, 3, 4, 5, 6 })
            await RunOfAsync(hour);
        var runs = await OccurrencesAsync();
        await SetAsync(runs[0], RunState.Succeeded, started: Hour(1).AddMilliseconds(50), error: null);
        await SetAsync(runs[1], RunState.Failed, started: Hour(2).AddMinutes(40), error: "boom");
        await SetAsync(runs[2], RunState.Canceled, started: null, error: "An earlier run had not ended.", CancelCause.Overlap);
        await Fleet.CancelAsync(runs[3].Id);
        await SetAsync(runs[5], RunState.Canceled, started: null, error: "The schedule was changed.", CancelCause.Revoked);
        await RunOfAsync(7, minutes: 30);

        var figures = (await Fleet.Get<GetScheduleFigures>().ExecuteAsync("s", null, null, CancellationToken.None))!;

        Assert.Equal((Verbs.Noon, Fleet.Now), (figures.From, figures.Until));
        Assert.Equal(
            (8, 2, 1, 1, 2, 3, 1),
            (figures.Expected, figures.Fired, figures.Skipped, figures.Canceled, figures.Waiting, figures.Missing, figures.Unexpected));
        Assert.Equal([Hour(6), Hour(7), Hour(8)], figures.FirstMissing);
        Assert.Equal((0.05, 2400, 2400), (figures.Lateness!.Median, figures.Lateness.P99, figures.Lateness.Most));
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 1], figures.Lateness.Histogram.Select(b => b.Count));
    }

    /// <summary>The cause counts, not the words of the reason.</summary>
    [Theory]
    [InlineData("Skipped: it was not needed")]
    [InlineData("Replaced by the run of tomorrow")]
    [InlineData("Replaced: see the ticket")]
    [InlineData("Revoked: by mistake")]
    [InlineData("Canceled.")]
    public async Task GetScheduleFigures_PersonsReasonInFleetsOwnWords_CountsAsCanceled(string reason)
    {
        await PutAsync();
        Time.Advance(TimeSpan.FromHours(1));
        await RunOfAsync(1);
        var run = Assert.Single(await OccurrencesAsync());

        await Fleet.CancelAsync(run.Id, reason);

        var canceled = await Fleet.ReadAsync(run.Id);
        Assert.Equal((reason, CancelCause.Person), (canceled.Error, canceled.CanceledBecause));
        var figures = (await Fleet.Get<GetScheduleFigures>().ExecuteAsync("s", null, null, CancellationToken.None))!;
        Assert.Equal((0, 1), (figures.Skipped, figures.Canceled));
    }

    [Fact]
    public async Task GetScheduleFigures_RangeTooLongOrEmpty_IsRefused()
    {
        await PutAsync(s => s with { Trigger = new TriggerSpec { Every = "1s" } });
        Time.Advance(TimeSpan.FromDays(2));

        var tooLong = await Assert.ThrowsAsync<InvalidRunException>(
            () => Fleet.Get<GetScheduleFigures>().ExecuteAsync("s", Verbs.Noon, Fleet.Now, CancellationToken.None));
        var empty = await Assert.ThrowsAsync<InvalidRunException>(
            () => Fleet.Get<GetScheduleFigures>().ExecuteAsync("s", Fleet.Now, Fleet.Now, CancellationToken.None));

        Assert.Equal(("range_too_long", "invalid_range"), (tooLong.Error.Code, empty.Error.Code));
        Assert.Null(await Fleet.Get<GetScheduleFigures>().ExecuteAsync("t", null, null, CancellationToken.None));
    }

    private static DateTimeOffset Hour(int hour) => Verbs.Noon.AddHours(hour);

    private Task<PutResult> PutAsync(Func<ScheduleRequest, ScheduleRequest>? with = null)
    {
        var request = new ScheduleRequest
        {
            Id = "s",
            Job = "note",
            Lane = "slow",
            Args = """{"text":"planned"}""",
            Trigger = new TriggerSpec { Every = "1h" },
        };
        return Fleet.Get<PutSchedules>().ExecuteAsync(with?.Invoke(request) ?? request, "api", Somebody.Me, CancellationToken.None);
    }

    private Task<BackfillPlan?> BackfillAsync(int from, int until, int perMinute = 60, string? lane = null, bool dryRun = false) =>
        Fleet.Get<BackfillSchedules>().ExecuteAsync(
        "s", new BackfillRequest { From = Hour(from), Until = Hour(until), PerMinute = perMinute, Lane = lane }, Somebody.Me, dryRun,
        CancellationToken.None);

    private Task<IReadOnlyList<EnqueueOutcome>> RunOfAsync(int hour, int minutes = 0) =>
        Fleet.InsertAsync(Fleet.NewRun(schedule: "s", fireTime: Hour(hour).AddMinutes(minutes)));

    private Task<int> SetAsync(Run run, RunState state, DateTimeOffset? started, string? error, CancelCause? cause = null) =>
        Fleet.Storage.WriteAsync(
        scope => scope.Db.Runs.Where(r => r.Id == run.Id).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.State, state).SetProperty(r => r.StartedAt, started).SetProperty(r => r.Error, error)
                .SetProperty(r => r.Revoked, cause == CancelCause.Revoked).SetProperty(r => r.CancelCause, cause)),
        CancellationToken.None);

    private Task<List<Run>> OccurrencesAsync() => Fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "s").OrderBy(r => r.FireTime));
}

public sealed class BackfillSchedulesSqliteTests() : BackfillSchedulesTests(new SqliteDatabase());

public sealed class BackfillSchedulesPostgresTests(PostgresServer server) : BackfillSchedulesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class BackfillSchedulesSqlServerTests() : BackfillSchedulesTests(new SqlServerDatabase());
