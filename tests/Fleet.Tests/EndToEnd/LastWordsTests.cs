using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>A handler that ends its process with a word: the run is named, and the runs beside it are not blamed.</summary>
public sealed class LastWordsTests
{
    [Theory]
    [InlineData("asyncVoid", 0)]
    [InlineData("thread", 1)]
    [InlineData("exit", 1)]
    public async Task End_ByAHandler_NamesTheRunAndGivesTheOthersBackUncounted(string by, int crashes)
    {
        using var folder = new TempFolder();
        using var jobs = new TempFolder();
        JobPack.DropInto(jobs);
        var settings = new Dictionary<string, string> { ["Fleet__Worker__JobsPath"] = jobs.Path };
        RunId culprit;
        var others = new List<RunId>();
        await using (var fleet = await FleetProcess.StartDevAsync(folder.Path, settings))
        {
            for (var i = 0; i < 3; i++)
                others.Add(await fleet.EnqueueAsync("diag.sleep", new { ms = 3000 }));
            foreach (var id in others)
                await fleet.WaitAsync(id, "running");
            culprit = await fleet.EnqueueAsync("pack.leave", new { by });

            Assert.NotEqual(0, await fleet.WaitForExitAsync());
            await Until.TrueAsync(
                () => Task.FromResult(fleet.Output.Contains("fleet: ", StringComparison.Ordinal)), why: () => fleet.Output);
            Assert.True(
                fleet.Output.Contains($"in the handler of pack.leave {culprit} (attempt 1)", StringComparison.Ordinal), fleet.Output);
        }

        await using var restarted = await FleetProcess.StartDevAsync(folder.Path, settings);
        await restarted.WaitAsync(culprit, "succeeded");
        Assert.Equal(crashes, (await restarted.GetAsync(culprit))["crashes"]!.GetValue<int>());
        foreach (var id in others)
        {
            await restarted.WaitAsync(id, "succeeded");
            var run = await restarted.GetAsync(id);
            Assert.Equal((0, 1), (run["crashes"]!.GetValue<int>(), run["attempt"]!.GetValue<int>()));
            var attempt = Assert.Single(run["attempts"]!.AsArray())!;
            Assert.Equal("released", attempt["outcome"]!.GetValue<string>());
            Assert.Contains($"{culprit}", attempt["error"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }
}
