using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Deploy;

/// <summary>What docker-compose.yml says, done without Docker: its commands and settings on the programs themselves, with the
/// test's own broker and database.</summary>
public sealed class ComposedServicesTests(PostgresServer postgres, RabbitMqServer rabbit)
{
    [Fact]
    public async Task Composition_OnTheServersOfTheTest_MigratesBecomesHealthyAndRuns()
    {
        var services = await Composition.ReadAsync("postgres");
        await using var broker = await rabbit.CreateHostAsync();
        var database = await postgres.CreateEmptyDatabaseAsync();
        using var jobs = new TempFolder();
        Dictionary<string, string> Environment(string service) => new(Composition.Settings(services[service]))
        {
            ["Fleet__Storage__ConnectionString"] = database + ";Pooling=true",
            ["Fleet__Transport__Uri"] = broker.Uri,
            ["Fleet__Transport__ManagementUri"] = rabbit.ManagementUri.ToString(),
            ["Fleet__Worker__JobsPath"] = jobs.Path,
        };

        var migrated = await FleetProcess.RunAsync(Environment("migrate"), Composition.Texts(services["migrate"]["command"]!));
        Assert.True(migrated.ExitCode == 0, migrated.Error);

        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", Environment("scheduler"));
        await using var worker = await FleetProcess.StartServiceAsync("Worker", Environment("worker"));
        foreach (var (service, process) in new[] { ("scheduler", scheduler), ("worker", worker) })
        {
            var probe = await ProbeAsync(services[service], process.Http.BaseAddress!);
            Assert.True(probe.ExitCode == 0, probe.Error);
        }

        var id = await scheduler.EnqueueAsync("diag.echo", new { hello = "world" });
        await scheduler.WaitAsync(id, "succeeded");
        var address = worker.Http.BaseAddress!;
        Assert.Equal(0, await worker.TerminateAsync());
        var gone = await ProbeAsync(services["worker"], address);
        Assert.Equal(1, gone.ExitCode);
        Assert.StartsWith($"No answer at {address}", gone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_DatabaseGone_FailsAndNamesIt()
    {
        await using var broker = await rabbit.CreateHostAsync();
        var database = await postgres.CreateDatabaseAsync();
        var services = await Composition.ReadAsync("postgres");
        var settings = new Dictionary<string, string>(Composition.Settings(services["scheduler"]))
        {
            ["Fleet__Storage__ConnectionString"] = database + ";Pooling=true",
            ["Fleet__Transport__Uri"] = broker.Uri,
            ["Fleet__Transport__ManagementUri"] = rabbit.ManagementUri.ToString(),
        };
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);

        await postgres.DropDatabaseAsync(database);

        // The database is asked once a second at most, so the first probe may still get the answer of before.
        var probe = await ProbeAsync(services["scheduler"], scheduler.Http.BaseAddress!);
        await Until.TrueAsync(async () => (probe = await ProbeAsync(services["scheduler"], scheduler.Http.BaseAddress!)).ExitCode == 1);
        Assert.Equal("DOWN", JsonNode.Parse(probe.Error)!["components"]!["database"]!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Migrate_DatabaseThatTakesNobodyYet_IsWaitedFor()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();
        await AllowConnectionsAsync(database, false);
        var environment =
            new Dictionary<string, string> { ["Fleet__Storage__Provider"] = "Postgres", ["Fleet__Storage__ConnectionString"] = database };

        await using var migrate = FleetProcess.LaunchCommand(environment, "db", "migrate", "--wait", "1m");
        await Until.TrueAsync(() => Task.FromResult(migrate.Output.Contains("Waiting for the database: ", StringComparison.Ordinal)));
        await AllowConnectionsAsync(database, true);

        Assert.Equal(0, await migrate.WaitForExitAsync());
        Assert.Contains("Applied ", migrate.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_DatabaseThatNeverComes_IsGivenUp()
    {
        var result = await FleetProcess.RunAsync(
            "db", "migrate", "--provider", "Postgres", "--connection", $"Host=127.0.0.1;Port={FreePort.Next()};Username=fleet", "--wait",
            "1s");

        Assert.Equal(8, result.ExitCode);
        Assert.Contains("Waiting for the database: Failed to connect", result.Error, StringComparison.Ordinal);
        Assert.Contains("The database cannot be used: Failed to connect", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_WaitThatIsNoDuration_IsRefused()
    {
        var result = await FleetProcess.RunAsync("db", "migrate", "--wait", "soon");

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("--wait: 'soon' is not allowed; allowed is 15s, 5m", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Does what the health check of a service does.</summary>
    private static Task<(int ExitCode, string Output, string Error)> ProbeAsync(JsonNode service, Uri address)
    {
        var test = Composition.Texts(service["healthcheck"]!["test"]!);
        Assert.Equal(["CMD", "dotnet"], test[..2]);
        return FleetProcess.RunAssemblyAsync(
            test[2], new Dictionary<string, string> { ["Fleet__Api__Urls"] = address.ToString() }, test[3..]);
    }

    private static async Task AllowConnectionsAsync(string database, bool allow)
    {
        var builder = new NpgsqlConnectionStringBuilder(database);
        var name = builder.Database;
        builder.Database = "postgres";
        await PostgresServer.ExecuteAsync(builder.ConnectionString, $"ALTER DATABASE {name} ALLOW_CONNECTIONS {allow}");
    }
}
