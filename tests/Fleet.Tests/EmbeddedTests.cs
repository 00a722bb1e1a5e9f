using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;

namespace Fleet.Tests;

public sealed class EmbeddedTests
{
    [Fact]
    public async Task EnqueueAsync_Echo_SucceedsWithItsArgs()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Flaky(0)));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Equal(1, run.Attempt);
    }
}
