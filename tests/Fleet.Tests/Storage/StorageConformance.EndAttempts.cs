using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task FailRuns_WithRetry_IsPendingUntilThenAndKeepsTheAttempt()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        var started = One.Now;
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(SettleOutcome.Settled, await One.FailAsync(run, TimeSpan.FromSeconds(10)));

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((RunState.Pending, false, 1, One.Now.AddSeconds(10), null), (row.State, row.Staged, row.Attempt, row.DueAt, row.FinishedAt));
        Assert.Equal(("T", "boom"), (row.ErrorType, row.Error));
        var attempt = Assert.Single(await One.AttemptsAsync(run.Id));
        Assert.Equal((1, worker, AttemptOutcome.Failed, started, One.Now), (attempt.Number, attempt.WorkerId, attempt.Outcome, attempt.StartedAt, attempt.EndedAt));
        Assert.Equal(("T", "boom", "at x"), (attempt.ErrorType, attempt.Error, attempt.Stack));
    }

    [Fact]
    public async Task FailRuns_ForGood_IsFailedWithItsError()
    {
        var run = await One.StartAsync(await One.RegisterAsync());

        await One.FailAsync(run);

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((RunState.Failed, One.Now, "boom"), (row.State, row.FinishedAt, row.Error));
        Assert.Equal(AttemptOutcome.Failed, Assert.Single(await One.AttemptsAsync(run.Id)).Outcome);
    }

    [Fact]
    public async Task FailRuns_StaleToken_IsRefusedAndWritesNoAttempt()
    {
        var worker = await One.RegisterAsync();
        var stale = await One.StartAsync(worker);
        await One.ReleaseAsync(stale);
        var current = await One.ClaimAsync(worker, stale.Id);

        Assert.Equal(SettleOutcome.LeaseLost, await One.FailAsync(stale));
        Assert.Equal(SettleOutcome.LeaseLost, await One.ReleaseAsync(stale));

        var row = await One.ReadAsync(stale.Id);
        Assert.Equal((RunState.Running, current.LeaseToken, 1), (row.State, row.LeaseToken, row.Attempt));
        Assert.Equal(AttemptOutcome.Released, Assert.Single(await One.AttemptsAsync(stale.Id)).Outcome);
    }

    [Fact]
    public async Task FailRuns_CancelRequested_IsCanceledNotRetried()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.CancelAsync(run.Id, "wrong order");

        await One.FailAsync(run, TimeSpan.FromSeconds(1));

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((RunState.Canceled, One.Now, "wrong order"), (row.State, row.FinishedAt, row.Error));
        Assert.Equal("boom", Assert.Single(await One.AttemptsAsync(run.Id)).Error);
    }

    [Theory]
    [InlineData(AttemptOutcome.Released)]
    [InlineData(AttemptOutcome.Snoozed)]
    public async Task ReleaseRuns_OwnToken_GivesTheNumberBackAndKeepsTheErrorBefore(AttemptOutcome outcome)
    {
        var worker = await One.RegisterAsync();
        var first = await One.StartAsync(worker);
        await One.FailAsync(first, TimeSpan.Zero);
        var second = await One.ClaimAsync(worker, first.Id);

        await One.ReleaseAsync(second, outcome, TimeSpan.FromMinutes(1));

        var row = await One.ReadAsync(first.Id);
        Assert.Equal((RunState.Pending, false, 1, One.Now.AddMinutes(1)), (row.State, row.Staged, row.Attempt, row.DueAt));
        Assert.Equal(("T", "boom"), (row.ErrorType, row.Error));
        Assert.Equal([(1, AttemptOutcome.Failed), (2, outcome)], (await One.AttemptsAsync(first.Id)).Select(a => (a.Number, a.Outcome)));
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, (await One.ClaimAsync(worker, first.Id)).Attempt);
    }

    [Fact]
    public async Task FailRuns_ShortPause_IsStagedAndTheLeaderDoesNotReadIt()
    {
        var worker = await One.RegisterAsync();
        var (held, longer) = (await One.StartAsync(worker), await One.StartAsync(worker));

        await Task.WhenAll(One.FailAsync(held, HoldRetries.Longest), One.FailAsync(longer, HoldRetries.Longest + HoldRetries.Step));

        var row = await One.ReadAsync(held.Id);
        Assert.Equal((RunState.Pending, true, One.Now + HoldRetries.Longest), (row.State, row.Staged, row.DueAt));
        var unstaged = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ReadUnstagedAsync(session, One.Now.AddHours(1), 10, [], CancellationToken.None), CancellationToken.None);
        Assert.Equal(longer.Id, Assert.Single(unstaged).Id);
        // Should the process that holds its nudge die, Reconcile reads it.
        Time.Advance(HoldRetries.Longest + TimeSpan.FromSeconds(1));
        Assert.Contains(held.Id, await One.Storage.ReadWaitingAsync("default", One.Now, 10, CancellationToken.None));
    }

    [Fact]
    public async Task ReleaseRuns_SnoozedAgainAndAgain_SharesOneRow()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        var (id, began) = (run.Id, One.Now);
        await One.ReleaseAsync(run, AttemptOutcome.Snoozed);
        for (var i = 2; i <= 5; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await One.ReleaseAsync(await One.ClaimAsync(worker, id), AttemptOutcome.Snoozed);
        }

        await One.FailAsync(await One.ClaimAsync(worker, id), TimeSpan.Zero);
        await One.ReleaseAsync(await One.ClaimAsync(worker, id), AttemptOutcome.Snoozed);

        var attempts = await One.AttemptsAsync(id);
        Assert.Equal(
            [(1, AttemptOutcome.Snoozed, 5), (1, AttemptOutcome.Failed, 1), (2, AttemptOutcome.Snoozed, 1)],
            attempts.Select(a => (a.Number, a.Outcome, a.Times)));
        Assert.Equal((began, One.Now, worker), (attempts[0].StartedAt, attempts[0].EndedAt, attempts[0].WorkerId));
    }

    [Fact]
    public async Task EndAttempts_ManyAtOnce_KeepsEachWithItsOwnAttempt()
    {
        var worker = await One.RegisterAsync();
        var runs = new List<ClaimedRun>();
        for (var i = 0; i < 8; i++)
            runs.Add(await One.StartAsync(worker));
        await One.CancelAsync(runs[5].Id, "wrong order");
        runs.Reverse();

        var outcomes = await Task.WhenAll(runs.Select((run, i) => i % 2 == 0
            ? One.FailAsync(run, i == 0 ? null : TimeSpan.FromSeconds(i))
            : One.ReleaseAsync(run, i == 1 ? AttemptOutcome.Snoozed : AttemptOutcome.Released, TimeSpan.FromSeconds(i))));

        Assert.All(outcomes, o => Assert.Equal(SettleOutcome.Settled, o));
        for (var i = 0; i < runs.Count; i++)
        {
            var (row, attempt) = (await One.ReadAsync(runs[i].Id), Assert.Single(await One.AttemptsAsync(runs[i].Id)));
            var expected = i % 2 == 0 ? AttemptOutcome.Failed : i == 1 ? AttemptOutcome.Snoozed : AttemptOutcome.Released;
            Assert.Equal((1, worker, expected), (attempt.Number, attempt.WorkerId, attempt.Outcome));
            var state = i == 0 ? RunState.Failed : i == 2 ? RunState.Canceled : RunState.Pending;
            Assert.Equal((state, i % 2 == 0 ? 1 : 0), (row.State, row.Attempt));
            if (state == RunState.Pending)
                Assert.Equal(One.Now.AddSeconds(i), row.DueAt);
        }
    }

    [Fact]
    public async Task ReleaseRuns_CancelRequested_IsCanceled()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.CancelAsync(run.Id);

        await One.ReleaseAsync(run);

        Assert.Equal(RunState.Canceled, (await One.ReadAsync(run.Id)).State);
    }
}
