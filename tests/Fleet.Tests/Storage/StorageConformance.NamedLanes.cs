using Fleet.Core.Lanes;
using Fleet.Core.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task NamedLanes_TwoProcesses_CountTheSameLanes()
    {
        await One.RegisterAsync();
        var (one, two) = (Lanes(most: 3), Lanes(most: 3));

        Assert.Null(await one.CheckAsync("default", CancellationToken.None));
        Assert.Null(await one.CheckAsync("a", CancellationToken.None));
        await one.RegisterAsync(CancellationToken.None);
        Assert.Null(await two.CheckAsync("b", CancellationToken.None));
        await two.RegisterAsync(CancellationToken.None);

        var error = await one.CheckAsync("c", CancellationToken.None);
        Assert.Equal(("too_many_lanes", "lane", "c"), (error?.Code, error?.Field, error?.Value));
        Assert.Contains("up to 3 (Fleet:Transport:MaxLanes)", error!.Message, StringComparison.Ordinal);
        Assert.Null(await one.CheckAsync("b", CancellationToken.None));
        Assert.Equal(["a", "b", "default"], (await One.ListAsync(db => db.Lanes)).Select(l => l.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task NamedLanes_Trial_CountsNothing()
    {
        var lanes = Lanes(most: 1);

        Assert.Null(await lanes.CheckAsync("a", CancellationToken.None, isTrial: true));

        Assert.Null(await lanes.CheckAsync("b", CancellationToken.None));
    }

    [Fact]
    public async Task Enqueue_LaneThatACallerNames_IsInTheTable()
    {
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        await One.EnqueueAsync(new EnqueueOptions { Lane = "mail" });
        await One.EnqueueAsync();

        Assert.Equal(["mail"], (await One.ListAsync(db => db.Lanes)).Select(l => l.Name));
    }

    /// <summary>The caller may hold the only write transaction there is.</summary>
    [Fact]
    public async Task Enqueue_NewLaneInATransactionOfTheCaller_DoesNotWaitForItself()
    {
        await One.Storage.WriteAsync(
            session => One.Get<EnqueueRuns>().ExecuteAsync(
                Support.Verbs.Request(new EnqueueOptions { Lane = "mail", Transaction = session.Transaction }), CancellationToken.None),
            CancellationToken.None).WaitAsync(Support.Waiting.Limit);

        Assert.Equal("mail", Assert.Single(await One.ListAsync(db => db.Runs)).Lane);
    }

    private NamedLanes Lanes(int most) => new(One.Storage, new LaneOptions { MaxLanes = most }, Time, NullLogger<NamedLanes>.Instance);
}
