using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task CancelStates_SetOfRuns_AnswersEachInOrder()
    {
        var worker = await One.RegisterAsync();
        var running = await One.StartAsync(worker);
        var ended = await One.StartAsync(worker);
        await One.CompleteAsync(ended);
        var pending = await One.EnqueueAsync();
        RunId[] ids = [pending, RunId.New(One.Now), running.Id, ended.Id];

        var results = await One.Storage.WriteAsync(
            session => One.Storage.States.CancelAsync(
                session, ids, CancelCause.Person, "of a test", Somebody.Me, One.Now, CancellationToken.None), CancellationToken.None);

        Assert.Equal([CancelResult.Canceled, CancelResult.NotFound, CancelResult.Requested, CancelResult.AlreadyEnded], results);
        Assert.Equal(RunState.Succeeded, (await One.ReadAsync(ended.Id)).State);
        Assert.Null((await One.ReadAsync(pending)).CancelRequestedAt);
        Assert.Equal(One.Now, (await One.ReadAsync(running.Id)).CancelRequestedAt);
    }

    [Fact]
    public async Task ReplayStates_SetOfRuns_AnswersEachAndCanBeClaimed()
    {
        var worker = await One.RegisterAsync();
        var pending = await One.EnqueueAsync();
        RunId[] canceled = [await One.EnqueueAsync(), await One.EnqueueAsync()];
        foreach (var id in canceled)
            await One.CancelAsync(id);
        RunId[] ids = [canceled[1], pending, RunId.New(One.Now), canceled[0]];

        var answers = await One.Storage.WriteAsync(
            session => One.Storage.States.ReplayAsync(session, ids, Somebody.Me, One.Now, CancellationToken.None), CancellationToken.None);

        Assert.Equal(
            [ReplayResult.Replayed, ReplayResult.WrongState, ReplayResult.NotFound, ReplayResult.Replayed], answers.Select(a => a.Result));
        Assert.Equal(canceled.Order(), (await One.ListAsync(db => db.Replays.Select(r => r.RunId))).Order());
        foreach (var id in canceled)
            Assert.Equal(id, (await One.ClaimAsync(worker, id)).Id);
    }
}
