using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task CancelRuns_Pending_IsCanceledAtOnce()
    {
        var id = await One.EnqueueAsync();

        Assert.Equal(CancelResult.Canceled, await One.CancelAsync(id, "wrong order"));

        var row = await One.ReadAsync(id);
        Assert.Equal((RunState.Canceled, "wrong order", One.Now, false), (row.State, row.Error, row.FinishedAt, row.Revoked));
        Assert.Equal(CancelCause.Person, row.CanceledBecause);
        Assert.Empty(One.Transport.Controls);
        Assert.Equal(ClaimOutcome.Duplicate, await One.TryClaimAsync(await One.RegisterAsync(), id));
    }

    [Fact]
    public async Task CancelRuns_Running_AsksItsWorker()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);

        Assert.Equal(CancelResult.Requested, await One.CancelAsync(run.Id));

        Assert.Equal((RunState.Running, One.Now), ((await One.ReadAsync(run.Id)).State, (await One.ReadAsync(run.Id)).CancelRequestedAt));
        Assert.Equal(CancelCause.Person, (await One.ReadAsync(run.Id)).CanceledBecause);
        Assert.Equal(run.Id, Assert.Single(Assert.Single(One.Transport.Controls).CancelRuns!));
        Assert.True(Assert.Single((await HeartbeatAsync(worker)).Held!).IsCancelRequested);
    }

    /// <summary>The request stays in the row, but it is not why the run ended.</summary>
    [Fact]
    public async Task CancelRuns_HandlerReturnsNormallyOrRunIsReplayed_HasNoCause()
    {
        var worker = await One.RegisterAsync();
        var (finished, replayed) = (await One.StartAsync(worker), await One.EnqueueAsync());
        await One.CancelAsync(finished.Id);
        await One.CancelAsync(replayed);

        await One.CompleteAsync(finished);
        await One.ReplayAsync(replayed);

        Assert.Equal(
            (RunState.Succeeded, null), ((await One.ReadAsync(finished.Id)).State, (await One.ReadAsync(finished.Id)).CanceledBecause));
        Assert.Equal((RunState.Pending, null), ((await One.ReadAsync(replayed)).State, (await One.ReadAsync(replayed)).CancelCause));
    }

    [Fact]
    public async Task CancelRuns_UnknownRun_ReturnsNotFound() =>
        Assert.Equal(CancelResult.NotFound, await One.CancelAsync(RunId.New(One.Now)));

    [Fact]
    public async Task CancelRuns_LongOrNoReason_IsCutOrStandsIn()
    {
        var (a, b) = (await One.EnqueueAsync(), await One.EnqueueAsync());

        await One.CancelAsync(a, new string('x', CancelRuns.MaxReason + 1));
        await One.CancelAsync(b, reason: null);

        Assert.Equal(CancelRuns.MaxReason, (await One.ReadAsync(a)).Error!.Length);
        Assert.Equal("Canceled.", (await One.ReadAsync(b)).Error);
    }
}
