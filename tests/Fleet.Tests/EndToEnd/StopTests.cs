using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;

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

    /// <summary>Kubernetes' default grace is as long as the default drain: what needs the whole of it is killed with the process.</summary>
    [Fact]
    public async Task Kill_WhileDrainingAgainAndAgain_ReleasesTheRunAndCountsNoCrash()
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string> { ["Fleet__Worker__KillAfter"] = "00:00:30" };
        var id = default(RunId);
        for (var kill = 1; kill <= 3; kill++)
        {
            await using var fleet = await FleetProcess.StartDevAsync(folder.Path, environment);
            if (kill == 1)
                id = await fleet.EnqueueAsync("diag.sleep", new { ms = 600_000 });
            await RunsAfterAsync(fleet, id, releases: kill - 1);
            await fleet.SignalAsync("TERM");
            await Until.TrueAsync(() => Task.FromResult(Count(folder, "SELECT count(*) FROM fleet_workers WHERE state = 1") == 1));
            Assert.Contains("Fleet:Worker:KillAfter is 00:00:30", fleet.Output, StringComparison.Ordinal);
            await fleet.KillAsync();
        }

        await using var last = await FleetProcess.StartDevAsync(folder.Path);
        await RunsAfterAsync(last, id, releases: 3);
        var run = await last.GetAsync(id);
        Assert.Equal((0, 1), (run["crashes"]!.GetValue<int>(), run["attempt"]!.GetValue<int>()));
        Assert.Equal(["released", "released", "released"], run["attempts"]!.AsArray().Select(a => a!["outcome"]!.GetValue<string>()));
    }

    /// <summary>Waits until the run is running again, and not still as the killed process left it.</summary>
    private static Task RunsAfterAsync(FleetProcess fleet, RunId id, int releases) => Until.TrueAsync(async () =>
        await fleet.GetAsync(id) is var run && run["state"]!.GetValue<string>() == "running"
            && run["attempts"]!.AsArray().Count == releases);

    private static long Count(TempFolder folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "fleet.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
