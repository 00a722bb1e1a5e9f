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
        Assert.Equal(
            (RunState.Pending, false, 1, One.Now.AddSeconds(10), null), (row.State, row.Staged, row.Attempt, row.DueAt, row.FinishedAt));
        Assert.Equal(("T", "boom"), (row.ErrorType, row.Error));
        var attempt = Assert.Single(await One.AttemptsAsync(run.Id));
        Assert.Equal(
            (1, worker, AttemptOutcome.Failed, started, One.Now),
            (attempt.Number, attempt.WorkerId, attempt.Outcome, attempt.StartedAt, attempt.EndedAt));
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
    public async Task FailRuns_DecisionOfThePolicy_IsKeptWithTheAttempt()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.FailAsync(
            run, TimeSpan.Zero, decision: new RetryDecision(RetryVerdict.Retried, new AttemptLimit(5, AttemptLimitSource.JobSetting)));
        run = await One.ClaimAsync(worker, run.Id);
        await One.FailAsync(run, TimeSpan.Zero, decision: new RetryDecision(RetryVerdict.PolicyStopped, null));
        run = await One.ClaimAsync(worker, run.Id);
        await One.ReleaseAsync(run);

        Assert.Equal(
            [(RetryVerdict.Retried, 5, AttemptLimitSource.JobSetting), (RetryVerdict.PolicyStopped, null, null), (null, null, null)],
            (await One.AttemptsAsync(run.Id)).Select(a => (a.Verdict, a.MaxAttempts, a.MaxAttemptsFrom)));
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

    [Fact]
    public async Task FailRuns_ShortPause_IsStagedAndTheLeaderDoesNotReadIt()
    {
        var worker = await One.RegisterAsync();
        var (held, longer) = (await One.StartAsync(worker), await One.StartAsync(worker));

        await Task.WhenAll(One.FailAsync(held, HoldRetries.Longest), One.FailAsync(longer, HoldRetries.Longest + HoldRetries.Step));

        var row = await One.ReadAsync(held.Id);
        Assert.Equal((RunState.Pending, true, One.Now + HoldRetries.Longest), (row.State, row.Staged, row.DueAt));
        var unstaged = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ReadUnstagedAsync(session, One.Now.AddHours(1), 10, [], CancellationToken.None),
            CancellationToken.None);
        Assert.Equal(longer.Id, Assert.Single(unstaged).Id);
        // Should the process that holds its nudge die, Reconcile reads it.
        Time.Advance(HoldRetries.Longest + TimeSpan.FromSeconds(1));
        Assert.Contains(
            new WaitingRun(held.Id, row.DueAt), await One.Storage.ReadWaitingAsync("default", One.Now, 10, CancellationToken.None));
    }
}
