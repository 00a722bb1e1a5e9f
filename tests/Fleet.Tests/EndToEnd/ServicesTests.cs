using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Scheduler and worker as services of their own, with a real broker and a real database between them.
/// <c>FLEET_RESTARTS</c> sets how often a worker is restarted under load; the suite's short form is 5.</summary>
public sealed class ServicesTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    private static readonly int Restarts = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_RESTARTS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Worker_TerminatedAgainAndAgainUnderLoad_FailsNoRunAndCountsNoAttempt()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var steady = await FleetProcess.StartServiceAsync("Worker", settings);
        var accepted = 0;
        for (var restart = 0; restart < Restarts; restart++)
        {
            await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);
            accepted += (await SubmitAsync(scheduler, restart)).Count;
            Assert.Equal(0, await worker.TerminateAsync());
        }

        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state IN (0, 1)") == 0);
        Assert.Equal(
            accepted,
            await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE state = 2 AND attempt = 1 AND crashes = 0"));
        Assert.Equal(accepted, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.diag_ledger"));
    }

    /// <summary>EF Core would be half of a worker's start and a fifth of its memory.</summary>
    [Fact]
    public async Task Worker_ThatRunsJobsAndIsProbed_NeverLoadsEfCore()
    {
        var host = await rabbit.CreateHostAsync();
        var settings = FleetProcess.ServiceSettings(await postgres.CreateDatabaseAsync(), host.Uri);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);
        await scheduler.WaitAsync(await scheduler.EnqueueAsync("diag.echo", new { }), "succeeded");
        Assert.Equal("UP", (await worker.Http.GetFromJsonAsync<JsonObject>("/health/ready"))!["status"]!.GetValue<string>());

        Assert.True(scheduler.HasLoaded("Microsoft.EntityFrameworkCore.Relational.dll"));
        Assert.False(worker.HasLoaded("Microsoft.EntityFrameworkCore.Relational.dll"));
        Assert.False(worker.HasLoaded("Microsoft.Data.Sqlite.dll"));
    }

    /// <summary>The first attempt of each order kills its worker at another point between the handler's first line and its
    /// return.</summary>
    [Fact]
    public async Task Worker_KilledAtEveryPointOfAHandler_LeavesRowFollowUpAndEventOnce()
    {
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(
            database, "CREATE TABLE pack_orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id uuid NOT NULL)");
        using var folder = new TempFolder();
        JobPack.DropInto(folder);
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        settings["Fleet__Worker__JobsPath"] = folder.Path;
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        var worker = await FleetProcess.StartServiceAsync("Worker", settings);
        await host.BindAsync("ordered", "fleet.events", "pack.ordered");
        var orders = new List<RunId>();
        try
        {
            foreach (var point in JobPack.KillPoints)
            {
                var order = await scheduler.EnqueueAsync("pack.order", new { kill = point, database });
                orders.Add(order);
                await worker.WaitForExitAsync();
                await worker.DisposeAsync();
                worker = await FleetProcess.StartServiceAsync("Worker", settings);
                await scheduler.WaitAsync(order, "succeeded");
            }

            await Until.TrueAsync(async () => await PostgresServer.CountAsync(
                database,
                $"SELECT count(*) FROM fleet.runs WHERE job = 'pack.invoice' AND state = {(int)RunState.Succeeded}") == orders.Count);
        }
        finally
        {
            await worker.DisposeAsync();
        }

        foreach (var order in orders)
        {
            Assert.Equal(1, await PostgresServer.CountAsync(database, $"SELECT count(*) FROM pack_orders WHERE run_id = '{order}'"));
            Assert.Equal(
                1,
                await PostgresServer.CountAsync(
                    database, $"SELECT count(*) FROM fleet.runs WHERE job = 'pack.invoice' AND args::jsonb ->> 'order' = '{order}'"));
            var happened = await host.TakeAsync("ordered");
            Assert.Equal($"{order}", happened.Header("fleet-run-id"));
        }

        Assert.Equal(orders.Count, await PostgresServer.CountAsync(database, "SELECT count(*) FROM pack_orders"));
        Assert.Equal(orders.Count, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs WHERE job = 'pack.invoice'"));
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.outbox"));
        Assert.Null(await host.TryTakeAsync("ordered"));
    }

    [Fact]
    public async Task Service_SchemaMissing_RefusesToStartUntilItWasMigrated()
    {
        const string NoTables = "The database has no tables of Fleet yet in the schema 'fleet'. Run 'fleet db migrate'.";
        var host = await rabbit.CreateHostAsync();
        var database = await postgres.CreateEmptyDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(database, host.Uri);
        await using (var refused = FleetProcess.LaunchService("Scheduler", settings))
        {
            await refused.WaitForExitAsync();
            Assert.Contains(NoTables, refused.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
        }

        var empty = await FleetProcess.RunAsync(settings, "db", "status");
        var migrated = await FleetProcess.RunAsync(settings, "db", "migrate");
        var again = await FleetProcess.RunAsync(settings, "db", "migrate");
        var status = await FleetProcess.RunAsync(settings, "db", "status");

        Assert.Equal((1, 0, 0, 0), (empty.ExitCode, migrated.ExitCode, again.ExitCode, status.ExitCode));
        Assert.Contains(NoTables, empty.Output, StringComparison.Ordinal);
        Assert.StartsWith("Applied ", migrated.Output, StringComparison.Ordinal);
        Assert.Equal("The schema is up to date.", again.Output.Trim());
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
    }

    [Theory]
    [InlineData("Scheduler")]
    [InlineData("Worker")]
    public async Task Service_InMemoryTransport_IsRefused(string service)
    {
        await using var refused = FleetProcess.LaunchService(service, new Dictionary<string, string>());
        await refused.WaitForExitAsync();

        Assert.Contains("Fleet:Transport:Provider: 'InMemory' reaches one process only", refused.Output, StringComparison.Ordinal);
    }

    private static async Task<List<Guid>> SubmitAsync(FleetProcess fleet, int batch)
    {
        var runs = Enumerable.Range(0, 100).Select(n => new { job = "diag.ledger", args = new { key = $"{batch}.{n}" } });
        using var response = await fleet.Http.PostAsJsonAsync("/api/v1/runs/batch", new { runs });
        var answer = (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>())!;
        return [.. answer["ids"]!.AsArray().Select(id => id!.GetValue<Guid>())];
    }
}
