using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    /// <summary>True where a writer waits until a snapshot of its rows has been read.</summary>
    protected virtual bool SnapshotsHoldUpWriters => false;

    [Fact]
    public async Task ReadSnapshot_RunIsReleasedBetweenTheReads_IsRunningWithoutTheAttempt()
    {
        var other = Open();
        var run = await One.StartAsync(await One.RegisterAsync());
        var releasing = Task.CompletedTask;

        var (state, attempts) = await One.Storage.ReadSnapshotAsync(
            async db =>
            {
                var row = await db.Runs.AsNoTracking().FirstAsync(r => r.Id == run.Id);
                releasing = other.ReleaseAsync(run);
                if (!SnapshotsHoldUpWriters)
                    await releasing;
                return (row.State, await db.Attempts.CountAsync(a => a.RunId == run.Id));
            },
            CancellationToken.None);
        await releasing;

        Assert.Equal((RunState.Running, 0), (state, attempts));
        var history = await One.Get<GetRuns>().FindHistoryAsync(run.Id, CancellationToken.None);
        Assert.Equal((RunState.Pending, 1), (history!.Run.State, history.Attempts.Count));
    }

    [Fact]
    public async Task ReadSnapshot_NeedsNoWriteLock()
    {
        var run = await One.StartAsync(await One.RegisterAsync());

        await One.Storage.WriteAsync(
            async _ =>
            {
                var history = await One.Get<GetRuns>().FindHistoryAsync(run.Id, CancellationToken.None);
                Assert.Equal(RunState.Running, history!.Run.State);
                return true;
            },
            CancellationToken.None);
    }

    /// <summary>Reads of its own would show a run that is released meanwhile as running, with the attempt that the release
    /// ended.</summary>
    [Fact]
    public async Task FindHistory_RunWithAttempts_ReadsNothingOutsideOfOneSnapshot()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.ReleaseAsync(run);
        var snapshots = 0;
        var storage = StorageSpy.Around(One.Storage, nameof(IStorage.Read), () => throw new InvalidOperationException("no snapshot"));
        storage = StorageSpy.Around(storage, nameof(IStorage.ReadSnapshotAsync), () => snapshots++);

        var history = await new GetRuns(storage, Time).FindHistoryAsync(run.Id, CancellationToken.None);

        Assert.Equal((1, 1), (history!.Attempts.Count, snapshots));
    }

    [Fact]
    public async Task FindHistory_NoSuchRun_IsNull() =>
        Assert.Null(await One.Get<GetRuns>().FindHistoryAsync(RunId.New(One.Now), CancellationToken.None));
}
