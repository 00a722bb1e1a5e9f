using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Handlers that block all threads of a worker's pool for longer than its lease.</summary>
public sealed class BlockedPoolTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private const int Runs = 12;

    [Fact]
    public async Task Worker_HandlersBlockAllThreads_KeepsItsLeaseAndRunsEachOnce()
    {
        using var folder = new TempFolder();
        JobPack.DropInto(folder);
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        settings["Fleet__Worker__JobsPath"] = folder.Path;
        settings["Fleet__Worker__Lease"] = "00:00:03";
        settings["Fleet__Worker__Heartbeat"] = "00:00:00.5";
        // Two threads, and those that the pool adds one after the other.
        settings["DOTNET_PROCESSOR_COUNT"] = "2";
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);

        var ids = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => scheduler.EnqueueAsync("pack.block", new { ms = 6000 })));

        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state < 2") == 0,
            TimeSpan.FromMinutes(2));
        Assert.Equal(
            Runs, await PostgresServer.CountAsync(
                database, "SELECT count(*) FROM fleet.runs WHERE state = 2 AND attempt = 1 AND crashes = 0"));
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.attempts"));
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.workers WHERE state = 2"));
        Assert.Equal(Runs, ids.Distinct().Count());
    }

    [Fact]
    public async Task Embedded_HandlersBlockAllThreads_KeepsItsLeaseAndRunsEachOnce()
    {
        using var jobs = new TempFolder();
        using var data = new TempFolder();
        JobPack.DropInto(jobs);
        var settings = new Dictionary<string, string>
        {
            ["Fleet__Worker__JobsPath"] = jobs.Path,
            ["Fleet__Worker__Lease"] = "00:00:03",
            ["Fleet__Worker__Heartbeat"] = "00:00:00.5",
            ["DOTNET_PROCESSOR_COUNT"] = "2",
        };
        await using var fleet = await FleetProcess.StartDevAsync(data.Path, settings);

        var ids = new List<RunId>();
        for (var i = 0; i < Runs; i++)
            ids.Add(await fleet.EnqueueAsync("pack.block", new { ms = 6000 }));

        foreach (var id in ids)
        {
            await fleet.WaitAsync(id, "succeeded", TimeSpan.FromMinutes(2));
            var run = await fleet.GetAsync(id);
            Assert.Equal((1, 0, 0), (run["attempt"]!.GetValue<int>(), run["crashes"]!.GetValue<int>(), run["attempts"]!.AsArray().Count));
        }
    }
}
