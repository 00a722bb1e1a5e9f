using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>SIGTERM: nothing new is taken, what runs may finish, the rest is given back.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task Terminate_JobShorterThanTheDrain_FinishesAndExitsWithZero()
    {
        using var folder = new TempFolder();
        await using var fleet = await FleetProcess.StartDevAsync(folder.Path);
        var id = await fleet.EnqueueAsync("diag.sleep", new { ms = 3000 });
        await fleet.WaitAsync(id, "running");

        var exitCode = await fleet.TerminateAsync();

        Assert.Equal(0, exitCode);
        await using var next = await FleetProcess.StartDevAsync(folder.Path);
        var run = await next.GetAsync(id);
        Assert.Equal("succeeded", run["state"]!.GetValue<string>());
        Assert.Empty(run["attempts"]!.AsArray());
    }

    [Fact]
    public async Task Terminate_JobLongerThanTheDrain_IsReleasedAndFinishesAfterTheRestart()
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string> { ["Fleet__Worker__Drain"] = "00:00:01" };
        RunId polite, stubborn;
        await using (var fleet = await FleetProcess.StartDevAsync(folder.Path, environment))
        {
            polite = await fleet.EnqueueAsync("diag.sleep", new { ms = 6000 });
            stubborn = await fleet.EnqueueAsync("diag.sleep", new { ms = 6000, ignoreCancellation = true });
            await fleet.WaitAsync(polite, "running");
            await fleet.WaitAsync(stubborn, "running");

            Assert.Equal(0, await fleet.TerminateAsync());
        }

        await using var next = await FleetProcess.StartDevAsync(folder.Path);
        foreach (var id in new[] { polite, stubborn })
        {
            await next.WaitAsync(id, "succeeded");
            var run = await next.GetAsync(id);
            Assert.Equal(1, run["attempt"]!.GetValue<int>());
            Assert.Equal("released", Assert.Single(run["attempts"]!.AsArray())!["outcome"]!.GetValue<string>());
        }
    }
}
