using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task ClaimRuns_DueRun_IsRunningUnderANewLease()
    {
        var worker = await One.RegisterAsync();
        var id = await One.EnqueueAsync(new EnqueueOptions { MaxAttempts = 3, Tags = ["x"] });

        var claimed = await One.ClaimAsync(worker, id);

        var run = await One.ReadAsync(id);
        Assert.Equal(
            (RunState.Running, 1, worker, claimed.LeaseToken, One.Now),
            (run.State, run.Attempt, run.WorkerId, run.LeaseToken, run.StartedAt));
        Assert.Equal(
            (id, "note", "default", run.Args, 1, 3),
            (claimed.Id, claimed.Job, claimed.Lane, claimed.Args, claimed.Attempt, claimed.MaxAttempts));
        Assert.Equal((run.Tags, run.DueAt, One.Now), (claimed.Tags, claimed.DueAt, claimed.StartedAt));
    }

    [Fact]
    public async Task ClaimRuns_50WorkersOfTwoProcessesRace_ExactlyOneWins()
    {
        Verbs[] both = [One, Open()];
        var id = await One.EnqueueAsync();
        var workers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => One.RegisterAsync()));

        var outcomes = await Task.WhenAll(workers.Select((worker, i) => Task.Run(() => both[i % 2].TryClaimAsync(worker, id))));

        var winner = Assert.Single(Enumerable.Range(0, 50), i => outcomes[i].Status == ClaimStatus.Claimed);
        Assert.All(outcomes.Where((_, i) => i != winner), o => Assert.Equal(ClaimStatus.Duplicate, o.Status));
        var run = await One.ReadAsync(id);
        Assert.Equal((workers[winner], outcomes[winner].Run!.LeaseToken, 1), (run.WorkerId, run.LeaseToken, run.Attempt));
    }

    [Fact]
    public async Task ClaimRuns_BeforeItsTime_ReturnsNotDueAndThen()
    {
        var worker = await One.RegisterAsync();
        var id = await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(10) });

        var early = await One.TryClaimAsync(worker, id);
        Assert.Equal((ClaimStatus.NotDue, One.Now.AddSeconds(10)), (early.Status, early.DueAt));
        Assert.Equal((RunState.Pending, 0), ((await One.ReadAsync(id)).State, (await One.ReadAsync(id)).Attempt));

        Time.Advance(TimeSpan.FromSeconds(10));
        await One.ClaimAsync(worker, id);
    }

    [Fact]
    public async Task ClaimRuns_GoneOrUnknownWorker_ReturnsWorkerGone()
    {
        var worker = await One.RegisterAsync();
        var id = await One.EnqueueAsync();
        await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);

        Assert.Equal(ClaimOutcome.WorkerGone, await One.TryClaimAsync(worker, id));
        Assert.Equal(ClaimOutcome.WorkerGone, await One.TryClaimAsync(WorkerId.New(One.Now), id));
        Assert.Equal(RunState.Pending, (await One.ReadAsync(id)).State);
    }

    [Fact]
    public async Task ClaimRuns_UnknownRun_ReturnsDuplicate() =>
        Assert.Equal(ClaimOutcome.Duplicate, await One.TryClaimAsync(await One.RegisterAsync(), RunId.New(One.Now)));

    [Fact]
    public async Task Claim_Batch_AnswersInOrder()
    {
        var worker = await One.RegisterAsync();
        var (a, b) = (await One.EnqueueAsync(), await One.EnqueueAsync());
        var later = await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });

        var outcomes = await One.Storage.WriteAsync(
            session => One.Storage.Statements.ClaimAsync(
                session, worker, [b, later, a, b], One.Now, passedGates: false, CancellationToken.None), CancellationToken.None);

        Assert.Equal([ClaimStatus.Claimed, ClaimStatus.NotDue, ClaimStatus.Claimed, ClaimStatus.Duplicate], outcomes.Select(o => o.Status));
        Assert.Equal([b, a], outcomes.Where(o => o.Run is not null).Select(o => o.Run!.Id));
    }

    [Fact]
    public async Task ClaimRuns_SecondAttempt_HasAnotherToken()
    {
        var worker = await One.RegisterAsync();
        var first = await One.StartAsync(worker);
        await One.FailAsync(first, TimeSpan.Zero);

        var second = await One.ClaimAsync(worker, first.Id);

        Assert.Equal(2, second.Attempt);
        Assert.NotEqual(first.LeaseToken, second.LeaseToken);
    }
}
