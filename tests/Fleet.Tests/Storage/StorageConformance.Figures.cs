using Fleet.Core.Leadership;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Statistics;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Tests.Storage;

/// <summary>Figures over time: who writes them, and that merging keeps every count.</summary>
public abstract partial class StorageConformance
{
    [Fact]
    public async Task Figures_RunCanceledWhilePending_IsCountedInTheSameTransaction()
    {
        await One.CancelAsync(await One.EnqueueAsync());
        await One.CancelAsync((await One.StartAsync(await One.RegisterAsync())).Id);

        Assert.Equal(["note default Canceled 1 at 0"], await FiguresAsync());
    }

    [Fact]
    public async Task Figures_RunSkippedAndReplaced_AreCounted()
    {
        var (worker, skipped) = await OccurrencesAsync(OverlapPolicy.Skip, 3);
        await One.ClaimAsync(worker, skipped[0]);
        await TryClaimAllAsync(worker, skipped[1..]);

        Assert.Equal(2, await CountAsync(RollupOutcome.Skipped));
        Assert.Equal(2, (await One.ListAsync(db => db.Runs.Where(r => r.State == RunState.Canceled))).Count);
    }

    [Fact]
    public async Task Figures_OccurrencesRevoked_AreCountedOnce()
    {
        await PutEveryAsync("10s");
        await PlanAsync();
        Time.Advance(TimeSpan.FromSeconds(15));
        await One.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);
        await One.Get<ControlSchedules>().StartAsync("s", new(Somebody.Me), CancellationToken.None);
        await PlanAsync();
        await One.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);

        var revoked = await One.ListAsync(db => db.Runs.Where(r => r.Revoked));
        Assert.True(revoked.Count > 2, $"{revoked.Count} occurrences were revoked.");
        Assert.Equal(revoked.Count, await CountAsync(RollupOutcome.Revoked));
    }

    [Fact]
    public async Task Figures_WorkerDied_CountsWhatBecameOfEachRun()
    {
        var worker = await One.RegisterAsync();
        var runs = new[] { await One.StartAsync(worker), await One.StartAsync(worker), await One.StartAsync(worker) };
        await One.CancelAsync(runs[0].Id);
        await One.Storage.WriteAsync(
            session => session.Db.Runs.Where(r => r.Id == runs[1].Id)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.Crashes, RescuedRun.CrashCap - 1)),
            CancellationToken.None);
        await One.ExpireAsync(worker);
        await One.RescueAsync();

        // A run on its last chance takes the crash alone.
        Assert.Equal(["note default Canceled 1 at 0", "note default Failed 1 at 0", "note default Rescued 1 at 0"], await FiguresAsync());
    }

    [Fact]
    public async Task Figures_WorkerDiedWhileDraining_CountsReleases()
    {
        var worker = await One.RegisterAsync();
        var (canceled, released) = (await One.StartAsync(worker), await One.StartAsync(worker));
        await One.CancelAsync(canceled.Id);
        await One.Get<Core.Workers.RegisterWorkers>().DrainAsync(worker, CancellationToken.None);
        await One.ExpireAsync(worker);
        await One.RescueAsync();

        Assert.Equal(RunState.Canceled, (await One.ReadAsync(canceled.Id)).State);
        Assert.Equal(RunState.Pending, (await One.ReadAsync(released.Id)).State);
        Assert.Equal(["note default Canceled 1 at 0", "note default Released 1 at 0"], await FiguresAsync());
    }

    [Fact]
    public async Task EndAttempts_CancelCameMeanwhile_SaysThatTheRunIsCanceled()
    {
        var worker = await One.RegisterAsync();
        var (failing, released, dead) = (await One.StartAsync(worker), await One.StartAsync(worker), await One.StartAsync(worker));
        foreach (var run in new[] { failing, released, dead })
            await One.CancelAsync(run.Id);

        Assert.Equal(SettleOutcome.Canceled, await One.FailAsync(failing, retryIn: TimeSpan.FromSeconds(1)));
        Assert.Equal(SettleOutcome.Canceled, await One.ReleaseAsync(released));
        Assert.Equal(SettleOutcome.Settled, await One.FailAsync(dead));
        Assert.Equal(RunState.Failed, (await One.ReadAsync(dead.Id)).State);
    }

    [Fact]
    public async Task FlushFigures_EndsAndSlots_AreWrittenOnceEvenIfTheAnswerIsLost()
    {
        var storage = new FailingStorage(One.Storage);
        var (flush, ends) = await FlusherAsync(storage);
        ends.Add(await One.StartAsync(await One.RegisterAsync()), RollupOutcome.Succeeded, TimeSpan.FromSeconds(2));
        Time.Advance(TimeSpan.FromSeconds(10));
        storage.AfterCommit = () => throw new IOException("The answer was lost.");

        await Assert.ThrowsAsync<IOException>(() => flush.FlushAsync(CancellationToken.None));
        storage.AfterCommit = null;
        Time.Advance(TimeSpan.FromSeconds(10));
        await flush.FlushAsync(CancellationToken.None);

        Assert.Equal(["note default Succeeded 1 at 0"], await FiguresAsync());
        var samples = await One.ListAsync(db => db.WorkerSamples.OrderBy(s => s.At));
        Assert.Equal([(1L, 80_000_000L), (0L, 80_000_000L)], samples.Select(s => (s.Succeeded, s.Slots)));
        Assert.Equal(10_000_000, samples[0].Length);
        Assert.Equal(TimeSpan.FromSeconds(2), Assert.Single(Bars.Decode(samples[0].Bars, samples[0].At)).Took);
        var slots = await One.ListAsync(db => db.Rollups.Where(r => r.Outcome == RollupOutcome.Slots));
        Assert.Equal((2, 160_000_000), (slots.Count, slots.Sum(s => s.Slots)));
    }

    [Fact]
    public async Task FlushFigures_AfterAQuarterOfAnHour_KeepsTheSamplesOfTheLastOne()
    {
        var (flush, _) = await FlusherAsync(One.Storage);
        for (var i = 0; i < 100; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(10));
            await flush.FlushAsync(CancellationToken.None);
        }

        var samples = await One.ListAsync(db => db.WorkerSamples.OrderBy(s => s.At));
        Assert.Equal(91, samples.Count);
        Assert.Equal(Verbs.Noon.AddSeconds(990), samples[^1].At);
    }

    [Fact]
    public async Task FlushFigures_ClockSetBack_ReplacesSamplesAndKeepsCounts()
    {
        var (flush, ends) = await FlusherAsync(One.Storage);
        var run = await One.StartAsync(await One.RegisterAsync());
        for (var i = 0; i < 3; i++)
        {
            ends.Add(run, RollupOutcome.Retried, TimeSpan.FromSeconds(1));
            Time.Advance(TimeSpan.FromSeconds(10));
            await flush.FlushAsync(CancellationToken.None);
        }

        Time.AdjustTime(Verbs.Noon);
        ends.Add(run, RollupOutcome.Retried, TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(10));
        await flush.FlushAsync(CancellationToken.None);

        Assert.Equal(4, await CountAsync(RollupOutcome.Retried));
    }

    [Fact]
    public async Task MergeRollups_MinutesAndQuarters_KeepEveryCountAndBucket()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 2000).Select(_ => RandomRow(random)).ToList();
        await AddAsync(rows);
        Time.Advance(TimeSpan.FromHours(2));
        var before = Totals(rows);

        await MergeAsync(TimeSpan.FromDays(7));
        var minutes = await One.ListAsync(db => db.Rollups.OrderBy(r => r.Id));
        Assert.Equal(before, Totals(minutes));
        Assert.All(minutes, r => Assert.Equal(RollupStep.Minute, r.Step));
        Assert.Equal(minutes.Count, minutes.DistinctBy(r => (r.At, r.Job, r.Lane, r.Outcome)).Count());

        await MergeAsync(TimeSpan.FromMinutes(15));
        var quarters = await One.ListAsync(db => db.Rollups.OrderBy(r => r.Id));
        Assert.Equal(Totals(rows, byPeriod: false), Totals(quarters, byPeriod: false));
        Assert.All(quarters, r => Assert.Equal((RollupStep.Quarter, 0), (r.Step, r.At.Minute % 15)));
        Assert.Equal(quarters.Count, quarters.DistinctBy(r => (r.At, r.Job, r.Lane, r.Outcome)).Count());
    }

    /// <summary>Both believe that they lead: one of them was replaced and does not know it yet.</summary>
    [Fact]
    public async Task MergeRollups_TwoProcessesAtOnce_CountNothingTwice()
    {
        var random = new Random(7);
        var rows = Enumerable.Range(0, 600).Select(_ => RandomRow(random)).ToList();
        await AddAsync(rows);
        Time.Advance(TimeSpan.FromHours(2));
        var term = await One.LeadAsync();
        var two = Open();

        await Task.WhenAll(MergeAllAsync(One), MergeAllAsync(two), MergeAllAsync(two));

        Assert.Equal(Totals(rows, byPeriod: false), Totals(await One.ListAsync(db => db.Rollups), byPeriod: false));
        Assert.All(await One.ListAsync(db => db.Rollups), r => Assert.Equal(RollupStep.Quarter, r.Step));

        // The term of the first one is over, and there is something new to merge.
        await One.Get<LeaderLease>().ReleaseAsync("leader", CancellationToken.None);
        await two.Get<LeaderLease>().AcquireAsync("other", TimeSpan.FromHours(1), CancellationToken.None);
        await AddAsync([RandomRow(random, Verbs.Noon)]);
        var before = (await One.ListAsync(db => db.Rollups)).Count;
        await Assert.ThrowsAsync<TermLostException>(
            () => One.Get<MergeRollups>().ExecuteAsync(term, TimeSpan.FromMinutes(15), CancellationToken.None));
        Assert.Equal(before, (await One.ListAsync(db => db.Rollups)).Count);

        Task MergeAllAsync(Verbs fleet) => Task.Run(async () =>
        {
            while (true)
            {
                try
                {
                    if (!await fleet.Get<MergeRollups>().ExecuteAsync(term, TimeSpan.FromMinutes(15), CancellationToken.None))
                        return;
                }
                catch (DbUpdateConcurrencyException)
                {
                    // The other one was faster: the loop tries again at its next pass.
                }
            }
        });
    }

    [Fact]
    public async Task GetStatistics_MoreRowsThanAreRead_AnswersTheLatestPeriodsAndSaysSo()
    {
        var random = new Random(9);
        // 4 rows in each of 40 minutes.
        var rows = Enumerable.Range(0, 160).Select(i => RandomRow(random, Verbs.Noon.AddMinutes(i / 4))).ToList();
        foreach (var row in rows)
            (row.Job, row.Lane, row.Outcome) = ($"job{random.Next(3)}", "default", RollupOutcome.Succeeded);
        await AddAsync(rows);
        Time.Advance(TimeSpan.FromHours(1));
        var request = new StatisticsRequest { From = Verbs.Noon, Until = Verbs.Noon.AddMinutes(40), Step = StatisticsStep.Minute };

        var whole = await new GetStatistics(One.Storage, Time).ExecuteAsync(request, CancellationToken.None);
        var cut = await new GetStatistics(One.Storage, Time) { MostRows = 50 }.ExecuteAsync(request, CancellationToken.None);
        var hour = await new GetStatistics(One.Storage, Time) { MostRows = 50 }.ExecuteAsync(
            request with { Step = StatisticsStep.Whole }, CancellationToken.None);

        // 50 rows are those of twelve minutes and a half, and the half is left out.
        var from = Verbs.Noon.AddMinutes(28);
        Assert.Equal((null, from, from), (whole.CountedFrom, cut.CountedFrom, hour.CountedFrom));
        var (all, some) = (Assert.Single(whole.Series), Assert.Single(cut.Series));
        Assert.All(some.Points, p => Assert.Equal(p.At >= from, p.Figures is not null));
        Assert.Equal(
            all.Points.Where(p => p.At >= from).Select(p => p.Figures!.Count),
            some.Points.Where(p => p.At >= from).Select(p => p.Figures!.Count));
        Assert.Equal(all.Points.Where(p => p.At >= from).Sum(p => p.Figures!.Count), some.Total.Figures!.Count);
        Assert.Equal((from, TimeSpan.FromMinutes(12)), (some.Total.At, some.Total.Passed));
        Assert.Equal(some.Total.Figures.Count, hour.Series[0].Total.Figures!.Count);

        // One job has fewer rows.
        var job = await new GetStatistics(One.Storage, Time) { MostRows = 80 }.ExecuteAsync(
            request with { Job = "job0" }, CancellationToken.None);
        Assert.Null(job.CountedFrom);
    }

    [Fact]
    public async Task MergeRollups_MinuteIsNotOver_LeavesItAlone()
    {
        await AddAsync([RandomRow(new Random(1), Verbs.Noon)]);
        Time.Advance(TimeSpan.FromSeconds(119));
        await MergeAsync(TimeSpan.FromDays(1));
        Assert.Equal(RollupStep.Written, Assert.Single(await One.ListAsync(db => db.Rollups)).Step);

        Time.Advance(TimeSpan.FromSeconds(1));
        await MergeAsync(TimeSpan.FromDays(1));
        Assert.Equal(RollupStep.Minute, Assert.Single(await One.ListAsync(db => db.Rollups)).Step);
    }

    [Fact]
    public async Task PruneFigures_OldRows_AreDeletedAndOthersAreNot()
    {
        var random = new Random(5);
        await AddAsync([RandomRow(random, Verbs.Noon), RandomRow(random, Verbs.Noon.AddHours(3))]);
        await PutEveryAsync("10s");
        Time.Advance(TimeSpan.FromHours(1));
        await PlanAsync();
        var misfire = Assert.Single(await One.ListAsync(db => db.Misfires));
        Assert.Equal(
            (Verbs.Noon.AddSeconds(10), Verbs.Noon.AddMinutes(59).AddSeconds(40), 358), (misfire.First, misfire.Last, misfire.Count));

        Time.Advance(TimeSpan.FromHours(4));
        Assert.False(await One.Get<PruneFigures>().ExecuteAsync(await One.LeadAsync(), TimeSpan.FromHours(3), CancellationToken.None));

        // On a server, both clocks have to say so.
        var clock = await One.Storage.ReadAsync(
            session => One.Storage.GetClockAsync(session, CancellationToken.None), CancellationToken.None);
        var isOld = clock >= One.Now;
        Assert.Equal(
            isOld ? [Verbs.Noon.AddHours(3)] : [Verbs.Noon, Verbs.Noon.AddHours(3)],
            (await One.ListAsync(db => db.Rollups.OrderBy(r => r.At))).Select(r => r.At));
        Assert.Equal(isOld ? 0 : 1, (await One.ListAsync(db => db.Misfires)).Count);
    }

    private static List<string> Totals(IReadOnlyList<Rollup> rows, bool byPeriod = true) =>
    [
        .. from row in rows
           group row by (At: byPeriod ? row.At : default, row.Job, row.Lane, row.Outcome) into series
           orderby series.Key.At, series.Key.Job, series.Key.Lane, series.Key.Outcome
           select $"{series.Key} {series.Sum(r => r.Count)} {series.Sum(r => r.Waited)} {series.Sum(r => r.Worked)} "
               + $"{series.Sum(r => r.Slots)} {Sum(series.Select(r => r.Waits))} {Sum(series.Select(r => r.Durations))}",
    ];

    private static string Sum(IEnumerable<byte[]> encoded)
    {
        var sum = new Histogram();
        foreach (var bytes in encoded)
            sum.Add(bytes);
        return string.Join(',', sum.Filled);
    }

    private static Rollup RandomRow(Random random, DateTimeOffset? at = null)
    {
        var outcome = (RollupOutcome)random.Next((int)RollupOutcome.Released + 1);
        var isSlots = outcome == RollupOutcome.Slots;
        var (waits, durations) = (new Histogram(), new Histogram());
        for (var i = 0; i < 10; i++)
        {
            waits.Add(TimeSpan.FromSeconds(Math.Exp(-8 + (20 * random.NextDouble()))));
            durations.Add(TimeSpan.FromSeconds(Math.Exp(-8 + (20 * random.NextDouble()))));
        }

        return new Rollup
        {
            At = at ?? Verbs.Noon.AddMinutes(random.Next(40)),
            Job = isSlots ? "" : $"job{random.Next(3)}",
            Lane = $"lane{random.Next(2)}",
            Outcome = outcome,
            Count = random.NextInt64(1L << 40),
            Waited = isSlots ? 0 : random.NextInt64(1L << 40),
            Worked = random.NextInt64(1L << 40),
            Slots = isSlots ? random.NextInt64(1L << 40) : 0,
            Waits = isSlots ? [] : waits.Encode(),
            Durations = isSlots ? [] : durations.Encode(),
        };
    }

    private Task<bool> AddAsync(IReadOnlyList<Rollup> rows) => One.Storage.WriteAsync(
        async session =>
        {
            await One.Storage.Rollups.AddAsync(session, rows, [], default, CancellationToken.None);
            return true;
        },
        CancellationToken.None);

    private async Task MergeAsync(TimeSpan keepMinutes)
    {
        var term = await One.LeadAsync();
        while (await One.Get<MergeRollups>().ExecuteAsync(term, keepMinutes, CancellationToken.None))
        {
        }
    }

    private async Task<(FlushFigures Flush, RecordEnds Ends)> FlusherAsync(Core.Storage.IStorage storage)
    {
        var identity = new WorkerIdentity(Time);
        identity.Renewed(await One.RegisterAsync(), Time.GetTimestamp());
        var ends = One.Get<RecordEnds>();
        var flush = new FlushFigures(ends, storage, identity, Time, NullLogger<FlushFigures>.Instance);
        flush.Watch("default", new SlotPool(8, 8, Time));
        return (flush, ends);
    }

    private async Task PutEveryAsync(string every) => await One.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = "s", Job = "note", Trigger = new TriggerSpec { Every = every } }, "api", Somebody.Me,
        CancellationToken.None);

    private async Task PlanAsync() => await One.Get<PlanOccurrences>().ExecuteAsync(
        await One.LeadAsync(), TimeSpan.FromSeconds(30), CancellationToken.None);

    private async Task<long> CountAsync(RollupOutcome outcome) =>
        (await One.ListAsync(db => db.Rollups.Where(r => r.Outcome == outcome))).Sum(r => r.Count);

    /// <summary>Counts by job, lane, outcome and minutes after noon.</summary>
    private async Task<IEnumerable<string>> FiguresAsync() =>
        from row in await One.ListAsync(db => db.Rollups.Where(r => r.Outcome != RollupOutcome.Slots))
        group row by $"{row.Job} {row.Lane} {row.Outcome} {{0}} at {(row.At - Verbs.Noon).TotalMinutes}" into same
        orderby same.Key
        select string.Format(null, same.Key, same.Sum(r => r.Count));
}
