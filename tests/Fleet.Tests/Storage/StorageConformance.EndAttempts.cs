using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
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

        // The third was asked to stop.
        Assert.All(outcomes.Index(), o => Assert.Equal(o.Index == 2 ? SettleOutcome.Canceled : SettleOutcome.Settled, o.Item));
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
}
