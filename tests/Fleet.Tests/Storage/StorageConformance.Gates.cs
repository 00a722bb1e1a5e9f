using Fleet.Core.Gates;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

/// <summary>Runs of one schedule that come due while another one has not ended.</summary>
public abstract partial class StorageConformance
{
    [Fact]
    public async Task OverlapGate_Allow_RunsThemAllAtOnce()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Allow, 3);

        Assert.All(await TryClaimAllAsync(worker, runs), o => Assert.Equal(ClaimStatus.Claimed, o.Status));
    }

    [Fact]
    public async Task OverlapGate_Skip_CancelsTheSecondWithTheReason()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Skip, 2);
        var first = await One.ClaimAsync(worker, runs[0]);

        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[1])).Status);

        var skipped = await One.ReadAsync(runs[1]);
        Assert.Equal(
            (RunState.Canceled, $"Skipped: run {runs[0]} of the schedule had not ended.", false),
            (skipped.State, skipped.Error, skipped.Revoked));
        Assert.Equal(
            (One.Now, CancelCause.Overlap, OverlapGate.Overlap), (skipped.FinishedAt, skipped.CanceledBecause, skipped.CanceledBy));
        await One.CompleteAsync(first);
        Time.Advance(TimeSpan.FromSeconds(1));
        var (_, next) = await OccurrencesAsync(OverlapPolicy.Skip, 1);
        await One.ClaimAsync(worker, next[0]);
    }

    [Theory]
    [InlineData("waits for its retry")]
    [InlineData("snoozes")]
    [InlineData("waits for a worker")]
    public async Task OverlapGate_SkipWhileTheFirst_CancelsTheSecondAndRunsTheFirst(string state)
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Skip, 2);
        if (state == "waits for its retry")
            await One.FailAsync(await One.ClaimAsync(worker, runs[0]), retryIn: TimeSpan.FromMinutes(10));
        else if (state == "snoozes")
            await One.ReleaseAsync(await One.ClaimAsync(worker, runs[0]), AttemptOutcome.Snoozed, TimeSpan.FromMinutes(10));

        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[1])).Status);

        Assert.Equal(RunState.Canceled, (await One.ReadAsync(runs[1])).State);
        Time.Advance(TimeSpan.FromMinutes(10));
        await One.ClaimAsync(worker, runs[0]);
    }

    [Fact]
    public async Task OverlapGate_Queue_RunsOneAfterTheOtherInTheOrderOfTheirFireTimes()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 3);

        // Whichever nudge comes first, the first fire time is the first to run.
        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[2])).Status);
        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[1])).Status);
        foreach (var run in runs)
        {
            var claimed = await One.ClaimAsync(worker, run);
            Assert.True(claimed.PassesOn);
            Assert.All(
                await TryClaimAllAsync(worker, [.. runs.Where(r => r != run)]), o => Assert.Equal(ClaimStatus.Duplicate, o.Status));
            await One.CompleteAsync(claimed);
            await One.Get<IRunGates>().PassOnAsync(run, CancellationToken.None);
            if (run != runs[^1])
                Assert.Equal(("default", runs[runs.IndexOf(run) + 1]), await One.Transport.NextAsync());
        }

        Assert.Empty(One.Transport.TakeReady());
    }

    [Fact]
    public async Task OverlapGate_QueueIsFull_SkipsTheNext()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, OverlapGate.QueueCap + 2);
        await One.ClaimAsync(worker, runs[0]);

        await TryClaimAllAsync(worker, runs[1..]);

        var last = await One.ReadAsync(runs[^1]);
        Assert.Equal(
            (RunState.Canceled, $"Skipped: {OverlapGate.QueueCap} runs of the schedule were waiting before it."), (last.State, last.Error));
        Assert.Equal(RunState.Pending, (await One.ReadAsync(runs[^2])).State);
    }

    [Fact]
    public async Task OverlapGate_Replace_CancelsWhatIsBeforeItAndStartsWhenThatHasStopped()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Replace, 3);
        var first = await One.ClaimAsync(worker, runs[0]);

        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[2])).Status);

        var stopping = await One.ReadAsync(runs[0]);
        Assert.Equal(
            (RunState.Running, One.Now, $"Replaced by run {runs[2]}."), (stopping.State, stopping.CancelRequestedAt, stopping.Error));
        Assert.Equal((CancelCause.Replaced, OverlapGate.Overlap), (stopping.CanceledBecause, stopping.CanceledBy));
        var told = Assert.Single(One.Transport.Controls, c => c.CancelRuns is not null);
        Assert.Equal([runs[0]], told.CancelRuns);
        Assert.Equal(OverlapGate.Overlap.ToRow(), told.By);
        var passed = await One.ReadAsync(runs[1]);
        Assert.Equal(
            (RunState.Canceled, $"Replaced by run {runs[2]}.", CancelCause.Replaced, OverlapGate.Overlap),
            (passed.State, passed.Error, passed.CanceledBecause!.Value, passed.CanceledBy));

        await One.Get<EndAttempts>().ExecuteAsync(
            new AttemptEnd
            {
                Id = first.Id,
                LeaseToken = first.LeaseToken,
                Outcome = AttemptOutcome.Canceled,
                EndedAt = One.Now,
                Next = RunState.Canceled,
                Counts = true,
            },
            CancellationToken.None);
        await One.Get<IRunGates>().PassOnAsync(first.Id, CancellationToken.None);
        Assert.Equal(("default", runs[2]), await One.Transport.NextAsync());
        await One.ClaimAsync(worker, runs[2]);
    }

    [Fact]
    public async Task OverlapGate_ReplaceAndANewerOneRuns_CancelsTheOlder()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Replace, 1);
        Time.Advance(TimeSpan.FromSeconds(1));
        var (_, newer) = await OccurrencesAsync(OverlapPolicy.Replace, 1);
        // The nudge of the older one was lost, and comes now.
        await One.ClaimAsync(worker, newer[0]);
        await ReviveAsync(runs[0]);

        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, runs[0])).Status);

        Assert.Equal((RunState.Canceled, $"Replaced: run {newer[0]} of the schedule is newer."), await StateOfAsync(runs[0]));
        Assert.Null((await One.ReadAsync(newer[0])).CancelRequestedAt);
    }

    [Fact]
    public async Task OverlapGate_CanceledOrFailedForGood_PassesOn()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 3);
        await One.CancelAsync(runs[0]);
        Assert.Equal(("default", runs[1]), await One.Transport.NextAsync());
        for (var crash = 1; crash <= RescuedRun.CrashCap; crash++)
        {
            await One.ClaimAsync(worker, runs[1]);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
            worker = await One.RegisterAsync();
        }

        Assert.Equal(RunState.Failed, (await One.ReadAsync(runs[1])).State);
        Assert.Equal(("default", runs[2]), await One.Transport.NextAsync());
    }

    [Theory]
    [InlineData(OverlapPolicy.Skip)]
    [InlineData(OverlapPolicy.Queue)]
    [InlineData(OverlapPolicy.Replace)]
    public async Task OverlapGate_TwoProcessesAtOnce_RunOne(OverlapPolicy overlap)
    {
        var two = Open();
        for (var round = 0; round < 20; round++)
        {
            var (worker, runs) = await OccurrencesAsync(overlap, 6, $"s{round}");

            await Task.WhenAll(runs.Select((run, i) => Task.Run(() => (i % 2 == 0 ? One : two).TryClaimAsync(worker, run))));

            Assert.Single(await One.ListAsync(db => db.Runs.Where(r => r.ScheduleId == $"s{round}" && r.State == RunState.Running)));
        }
    }

    [Fact]
    public async Task OverlapGate_OtherSchedule_IsNotInTheWay()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Skip, 1);
        var (_, others) = await OccurrencesAsync(OverlapPolicy.Skip, 1, "other");

        Assert.All(await TryClaimAllAsync(worker, [runs[0], others[0]]), o => Assert.Equal(ClaimStatus.Claimed, o.Status));
    }

    [Fact]
    public async Task OverlapGate_TriggeredByHand_TakesItsTurnToo()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 1);
        await One.ClaimAsync(worker, runs[0]);
        Time.Advance(TimeSpan.FromSeconds(1));

        var byHand = (await One.Get<TriggerSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None))!.Value;

        Assert.Equal(ClaimStatus.Duplicate, (await One.TryClaimAsync(worker, byHand)).Status);
        Assert.Equal(RunState.Pending, (await One.ReadAsync(byHand)).State);
    }

    [Fact]
    public async Task OverlapGate_SetOfSkip_LetsTheFirstPassAndCancelsTheOthers()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Skip, 3);

        Assert.Equal([true, false, false], await DecideAsync(new OverlapGate(One.Storage), worker, runs));

        var reason = $"Skipped: run {runs[0]} of the schedule had not ended.";
        Assert.Equal(
            [(RunState.Pending, null), (RunState.Canceled, reason), (RunState.Canceled, reason)],
            [await StateOfAsync(runs[0]), await StateOfAsync(runs[1]), await StateOfAsync(runs[2])]);
        await CheckFindersAsync([]);
    }

    [Fact]
    public async Task OverlapGate_SetOfQueue_LetsTheFirstPass()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 3);

        Assert.Equal([true, false, false], await DecideAsync(new OverlapGate(One.Storage), worker, runs));

        Assert.Equal((RunState.Pending, null), await StateOfAsync(runs[2]));
    }

    [Fact]
    public async Task OverlapGate_SetOfReplace_LetsTheLastPassAndCancelsTheOthers()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Replace, 3);

        Assert.Equal([false, false, true], await DecideAsync(new OverlapGate(One.Storage), worker, runs));

        var reason = $"Replaced by run {runs[1]}.";
        Assert.Equal((RunState.Canceled, reason), await StateOfAsync(runs[0]));
        Assert.Equal((RunState.Canceled, $"Replaced by run {runs[2]}."), await StateOfAsync(runs[1]));
    }

    [Fact]
    public async Task OverlapGate_SetOfABackfill_LetsOnePass()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapGate.Backfill, 3);

        Assert.Equal([true, false, false], await DecideAsync(new OverlapGate(One.Storage), worker, runs));
    }

    [Fact]
    public async Task LastChanceGate_Set_LetsOnePass()
    {
        RunId[] runs = [await CrashTwiceAsync(), await CrashTwiceAsync(), await CrashTwiceAsync()];

        Assert.Single(await DecideAsync(new LastChanceGate(One.Storage), await One.RegisterAsync(), runs), passes => passes);
    }

    /// <summary>A run that overlaps and has crashed twice is claimed only if both gates let it pass.</summary>
    [Fact]
    public async Task PassGates_TurnOfARunOnItsLastChance_WaitsForTheOtherGate()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 1);
        var suspect = await CrashTwiceAsync();
        for (var crash = 1; crash < RescuedRun.CrashCap; crash++)
        {
            await One.ClaimAsync(worker, runs[0]);
            await One.ExpireAsync(worker);
            await One.RescueAsync();
            worker = await One.RegisterAsync();
        }

        var running = await One.ClaimAsync(worker, suspect);
        Assert.False(running.PassesOn);
        var beside = await One.TryClaimAsync(worker, runs[0]);
        Assert.Equal((ClaimStatus.NotDue, One.Now + LastChanceGate.Pause), (beside.Status, beside.DueAt));
        await One.CompleteAsync(running);
        Assert.True((await One.ClaimAsync(worker, runs[0])).PassesOn);
    }

    [Fact]
    public async Task PassGates_SameRunTwiceAtOnce_IsClaimedOnce()
    {
        var (worker, runs) = await OccurrencesAsync(OverlapPolicy.Queue, 1);
        var run = (await LeftAsync(worker, runs))[0];

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => One.Get<IRunGates>().ClaimAsync(worker, run, CancellationToken.None)));

        Assert.Single(outcomes, o => o.Status == ClaimStatus.Claimed);
        Assert.Equal(7, outcomes.Count(o => o.Status == ClaimStatus.Duplicate));
    }

    /// <summary>Lets a gate decide about a set. The runs come to it in the reverse order.</summary>
    private async Task<IReadOnlyList<bool>> DecideAsync(IGate gate, WorkerId worker, IReadOnlyList<RunId> runs)
    {
        var left = (await LeftAsync(worker, runs)).Reverse().ToArray();
        var decisions = await One.Storage.WriteAsync(
            async session =>
            {
                var pass = new GatePass(session, worker, One.Now);
                await gate.LockAsync(pass, gate.KeyOf(worker, left[0])!, CancellationToken.None);
                return await gate.DecideAsync(pass, left, CancellationToken.None);
            },
            CancellationToken.None);
        return [.. decisions.Reverse().Select(d => d.Passes)];
    }

    /// <summary>Gated runs, as the ordinary claim leaves them.</summary>
    private async Task<PendingRun[]> LeftAsync(WorkerId worker, IReadOnlyList<RunId> runs)
    {
        var outcomes = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ClaimAsync(
                session, worker, runs, One.Now, passedGates: false, CancellationToken.None), CancellationToken.None);
        Assert.All(outcomes, o => Assert.Equal(ClaimStatus.Gated, o.Status));
        return [.. outcomes.Select(o => o.Pending!)];
    }

    /// <summary>A schedule that fires every second, and its runs of the last seconds, all due, their nudges sent and lost.</summary>
    private async Task<(WorkerId Worker, List<RunId> Runs)> OccurrencesAsync(OverlapPolicy overlap, int count, string schedule = "s")
    {
        await One.Get<PutSchedules>().ExecuteAsync(
            new ScheduleRequest { Id = schedule, Job = "note", Trigger = new TriggerSpec { Every = "1h" }, Overlap = overlap }, "api",
            Somebody.Me, CancellationToken.None);
        var runs = Enumerable.Range(0, count)
            .Select(
                i => One.NewRun(
                    schedule: schedule, fireTime: One.Now.AddMilliseconds(i - count)) with
                { Overlap = overlap, Staged = true }).ToArray();
        await One.InsertAsync([.. runs.Reverse()]);
        return (await One.RegisterAsync(), [.. runs.Select(r => r.Id)]);
    }

    private async Task<ClaimOutcome[]> TryClaimAllAsync(WorkerId worker, IReadOnlyList<RunId> runs)
    {
        var outcomes = new List<ClaimOutcome>();
        foreach (var run in runs)
            outcomes.Add(await One.TryClaimAsync(worker, run));
        return [.. outcomes];
    }

    private async Task<(RunState State, string? Error)> StateOfAsync(RunId id)
    {
        var run = await One.ReadAsync(id);
        return (run.State, run.Error);
    }

    /// <summary>As if an operator had replayed it.</summary>
    private async Task ReviveAsync(RunId id)
    {
        await One.ReplayAsync(id);
        Assert.Equal(id, (await One.Transport.NextAsync()).Id);
    }
}
