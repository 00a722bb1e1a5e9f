using Fleet.Core.Findings;
using Fleet.Core.Live;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task LiveFigures_RunsInEveryState_AreCountedByLane()
    {
        await One.LeadAsync();
        var worker = await One.RegisterAsync();
        var failed = await One.StartAsync(worker);
        await One.FailAsync(failed);
        await One.StartAsync(worker);
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail", Delay = TimeSpan.FromHours(1) });
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        var oldest = Time.GetUtcNow();
        Time.Advance(TimeSpan.FromMinutes(1));
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail" });

        var figures = await One.Get<ReadLiveFigures>().ExecuteAsync(CancellationToken.None);

        Assert.Equal(
            (1, 2, 1, 1),
            (figures.Scheduled.Value, figures.Ready.Value, figures.Running.Value, figures.Failed.Value));
        Assert.Equal(oldest, figures.OldestReadyAt);
        Assert.Equal(
            [new LiveLane("default", new(0), new(0), new(1), 8, null), new LiveLane("mail", new(2), new(1), new(0), 0, oldest)],
            figures.Lanes);
        Assert.Equal((worker, "w", WorkerState.Active), (figures.Workers[0].Id, figures.Workers[0].Name, figures.Workers[0].State));
        Assert.Equal(1, figures.Leader?.Term);
    }

    [Fact]
    public async Task LiveFigures_MoreThanAreCounted_SayAtLeast()
    {
        await One.RegisterAsync();
        await One.InsertAsync([.. Enumerable.Range(0, CappedCount.Limit + 5).Select(_ => One.NewRun())]);

        var figures = await One.Get<ReadLiveFigures>().ExecuteAsync(CancellationToken.None);

        Assert.Equal(new CappedCount(CappedCount.Limit, IsAtLeast: true), figures.Ready);
    }

    [Fact]
    public async Task Looks_BeforeAndAfterARun_TellWhatChanged()
    {
        var find = One.Get<FindChanges>();
        var worker = await One.RegisterAsync();
        var empty = await find.LookAsync(CancellationToken.None);
        var id = await One.EnqueueAsync();
        var made = await find.LookAsync(CancellationToken.None);
        var claimed = await One.ClaimAsync(worker, id);
        var running = await find.LookAsync(CancellationToken.None);
        await One.CompleteAsync(claimed);
        var ended = await find.LookAsync(CancellationToken.None);

        Assert.Equal((id, RunState.Pending), Told(empty, made));
        Assert.Equal((id, RunState.Running), Told(made, running));
        Assert.Equal((id, RunState.Succeeded), Told(running, ended));
        Assert.True(FindChanges.Compare(ended, await find.LookAsync(CancellationToken.None), null, null, false).IsEmpty);

        static (RunId Id, RunState State) Told(Look before, Look after)
        {
            var changes = FindChanges.Compare(before, after, null, null, schedules: false);
            return (Assert.Single(changes.Runs), Assert.Single(changes.States));
        }
    }

    [Fact]
    public async Task FollowRuns_SomeThatExist_AreReadAsTheyAre()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.FailAsync(run, error: new string('x', 5000));
        var missing = RunId.New(Time.GetUtcNow());

        var (id, followed) = Assert.Single(await One.Get<FollowRuns>().ExecuteAsync([run.Id, missing], CancellationToken.None));

        Assert.Equal((run.Id, RunState.Failed, "note", 1), (id, followed.State, followed.Job, followed.Attempt));
        Assert.Equal(500, followed.Error!.Length);
    }

    /// <summary>The same failures are a finding or not, by how many runs ended beside them.</summary>
    [Theory]
    [InlineData(99_995, 0, false)]
    [InlineData(95, 0, true)]
    [InlineData(300, 3, false)]
    [InlineData(300, 1, true)]
    public async Task Findings_FailingJob_ByThePartThatFails(int succeeded, int failedTheDayBefore, bool isTold)
    {
        var worker = await One.RegisterAsync();
        for (var i = 0; i < 5; i++)
            await One.FailAsync(await One.StartAsync(worker), error: "boom");
        var yesterday = Time.GetUtcNow().AddDays(-1).AddMinutes(-20);
        await AddAsync(
        [
            Ends(Time.GetUtcNow().AddMinutes(-20), RollupOutcome.Succeeded, succeeded), Ends(Time.GetUtcNow(), RollupOutcome.Failed, 5),
            Ends(yesterday, RollupOutcome.Failed, failedTheDayBefore), Ends(yesterday, RollupOutcome.Succeeded, 300 - failedTheDayBefore),
        ]);
        Time.Advance(TimeSpan.FromMinutes(1));

        var findings = await One.Get<GetFindings>().ExecuteAsync(figures: null, CancellationToken.None);

        Assert.Equal(isTold, findings.Any(f => f.Code == "job_failing"));

        static Rollup Ends(DateTimeOffset at, RollupOutcome outcome, long count) => new()
        {
            At = Rollup.MinuteOf(at),
            Job = "note",
            Lane = "default",
            Outcome = outcome,
            Count = count,
        };
    }

    [Fact]
    public async Task Findings_ScheduleThatItsProgramLeftOver_IsToldUntilItIsStoppedOrPutAgain()
    {
        await PutAsync("s");
        var put = Assert.Single(await One.ListAsync(db => db.Schedules));
        One.Get<LeftOverSchedules>().Set(Time.GetUtcNow(), [new LeftOverSchedule("s", Somebody.Me, put.Source, put.UpdatedAt)]);

        Assert.Equal("s", Assert.Single(await FoundAsync()).Subject);
        await One.Get<ControlSchedules>().StopAsync("s", new(Somebody.Me), CancellationToken.None);
        Assert.Empty(await FoundAsync());

        async Task<IEnumerable<Finding>> FoundAsync() =>
            (await One.Get<GetFindings>().ExecuteAsync(figures: null, CancellationToken.None)).Where(f => f.Code == "schedule_left_over");
    }

    [Fact]
    public async Task Findings_ThatNoRowDates_AreSinceTheyWereSeen()
    {
        var first = await SinceAsync();
        Time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal((Verbs.Noon, Verbs.Noon), (first, await SinceAsync()));

        async Task<DateTimeOffset?> SinceAsync() => Assert.Single(
            await One.Get<GetFindings>().ExecuteAsync(figures: null, CancellationToken.None),
            f => f.Code == "no_leader").Since;
    }

    [Fact]
    public async Task Findings_OfAFleetInTrouble_AreReadFromItsRows()
    {
        // 1. A worker claimed from the lane "mail" and died; runs wait there. A job failed often, another one has no worker.
        await One.LeadAsync();
        var dead = await One.RegisterAsync();
        await One.Storage.WriteAsync(
            session => session.Db.Workers.Where(w => w.Id == dead).ExecuteUpdateAsync(
                set => set.SetProperty(w => w.ClaimedThrough, """{"mail":1}""").SetProperty(w => w.State, WorkerState.Gone)),
            CancellationToken.None);
        var worker = await One.RegisterAsync();
        for (var i = 0; i < 5; i++)
            await One.FailAsync(await One.StartAsync(worker), error: "boom");
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        await One.InsertAsync(One.NewRun() with { Job = "nobody.knows" });
        var stuck = await One.StartAsync(worker);
        await One.Storage.WriteAsync(
            async session =>
            {
                session.Db.Schedules.Add(new Schedule
                {
                    Id = "late",
                    Job = "note",
                    Every = "1h",
                    Source = "api",
                    NextPlanAt = Time.GetUtcNow(),
                    PlannedUntil = Time.GetUtcNow(),
                });
                session.Db.Outbox.Add(new OutboxMessage
                {
                    MessageId = Guid.NewGuid(),
                    Name = "e",
                    Body = "{}",
                    CreatedAt = Time.GetUtcNow(),
                    NextTryAt = Time.GetUtcNow(),
                    Failures = 3,
                });
                return await session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        // 2. The clock of this process is set forward, by more than a day.
        Time.Advance(TimeSpan.FromHours(25));

        var findings = await One.Get<GetFindings>().ExecuteAsync(figures: null, CancellationToken.None);

        var codes = findings.Select(f => f.Code).ToHashSet();
        Assert.Contains("lane_without_worker", codes);
        Assert.StartsWith("Lane mail: 1 run is ready, no worker since ", findings.First(f => f.Code == "lane_without_worker").Sentence);
        Assert.Equal("default nobody.knows", Assert.Single(findings, f => f.Code == "job_unserved").Subject);
        Assert.Equal(stuck.Id.ToString(), Assert.Single(findings, f => f.Code == "run_stuck").Subject);
        Assert.Equal("outbox_late", Assert.Single(findings, f => f.Code == "outbox_late").Code);
        Assert.Equal(
            FindingSeverity.Error, findings[0].Severity);
    }
}
