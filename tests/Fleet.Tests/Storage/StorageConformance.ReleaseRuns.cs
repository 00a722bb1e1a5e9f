using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
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
    public async Task ReleaseRuns_CancelRequested_IsCanceled()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.CancelAsync(run.Id);

        await One.ReleaseAsync(run);

        Assert.Equal(RunState.Canceled, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task ReleaseRuns_UnservedAgainAndAgain_TakesOneRowAndNoAttempt()
    {
        var worker = await One.RegisterAsync();
        var id = await One.EnqueueAsync();
        var (first, begun) = (await One.StartAsync(worker), One.Now);
        await One.FailAsync(first, TimeSpan.Zero);
        for (var i = 0; i < 3; i++)
        {
            // Another run beside it: each counts its own.
            await Task.WhenAll(
                new[] { id, first.Id }.Select(
                    async run => await One.ReleaseAsync(await One.ClaimAsync(worker, run), AttemptOutcome.Unserved)));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var row = await One.ReadAsync(first.Id);
        Assert.Equal(
            (RunState.Pending, false, 1, ReleaseRuns.UnservedType, "drain"),
            (row.State, row.Staged, row.Attempt, row.ErrorType, row.Error));
        var attempts = await One.AttemptsAsync(first.Id);
        Assert.Equal(
            [(1, AttemptOutcome.Failed, 1), (2, AttemptOutcome.Unserved, 3)], attempts.Select(a => (a.Number, a.Outcome, a.Times)));
        Assert.Equal((begun, begun.AddSeconds(2)), (attempts[1].StartedAt, attempts[1].EndedAt));
        Assert.Equal(3, Assert.Single(await One.AttemptsAsync(id)).Times);

        // Ends that count keep a row each, and what comes after them starts anew.
        await One.FailAsync(await One.ClaimAsync(worker, id), TimeSpan.Zero);
        await One.ReleaseAsync(await One.ClaimAsync(worker, id), AttemptOutcome.Unserved);
        await One.ReleaseAsync(await One.ClaimAsync(worker, id));
        await One.ReleaseAsync(await One.ClaimAsync(worker, id));
        Assert.Equal(
            [
                (AttemptOutcome.Unserved, 3), (AttemptOutcome.Failed, 1), (AttemptOutcome.Unserved, 1), (AttemptOutcome.Released, 1),
                (AttemptOutcome.Released, 1)],
            (await One.AttemptsAsync(id)).Select(a => (a.Outcome, a.Times)));
    }
}
