using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task WakeUnserved_WorkerThatKnowsTheJob_MakesThoseRunsDueAndNoOthers()
    {
        var worker = await One.RegisterAsync();
        var (unserved, failed) = (await One.StartAsync(worker), await One.StartAsync(worker));
        var elsewhere = await One.StartAsync(worker, new EnqueueOptions { Lane = "parcels" });
        await One.ReleaseAsync(unserved, AttemptOutcome.Unserved, TimeSpan.FromMinutes(5));
        await One.ReleaseAsync(elsewhere, AttemptOutcome.Unserved, TimeSpan.FromMinutes(5));
        await One.FailAsync(failed, TimeSpan.FromMinutes(5));
        var delayed = await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromMinutes(5) });
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await One.Get<WakeUnserved>().ExecuteAsync(["default"], ["ship"], CancellationToken.None));
        Assert.Equal(1, await One.Get<WakeUnserved>().ExecuteAsync(["default"], ["ship", "note"], CancellationToken.None));

        var row = await One.ReadAsync(unserved.Id);
        Assert.Equal((RunState.Pending, One.Now, false), (row.State, row.DueAt, row.Staged));
        foreach (var other in new[] { failed.Id, delayed, elsewhere.Id })
            Assert.True((await One.ReadAsync(other)).DueAt > One.Now, $"{other}");
    }
}
