using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>The leader is killed in the middle of an operation: another scheduler goes on behind the last batch.
/// <c>FLEET_OPERATION_RUNS</c> sets how many runs it has; 10,000 is the long form.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class OperationKillTests(PostgresServer postgres, RabbitMqServer rabbit) : IAsyncLifetime
{
    private const int BatchOfRuns = 1000;

    private static readonly int Runs = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_OPERATION_RUNS") ?? "3000", CultureInfo.InvariantCulture);

    private readonly List<FleetProcess> _processes = [];
    private string _database = null!;
    private Dictionary<string, string> _settings = [];

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateDatabaseAsync();
        _settings = FleetProcess.ServiceSettings(_database, (await rabbit.CreateHostAsync()).Uri);
        _settings["Fleet__Scheduler__Lease"] = "00:00:03";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    [Fact]
    public async Task Replay_LeaderKilledMidway_ReplaysEachRunOnceAndCountsRight()
    {
        var (one, two) = (await StartAsync("Scheduler"), await StartAsync("Scheduler"));
        await StartAsync("Worker");
        await Until.TrueAsync(async () => await one.LeadsAsync(_database) || await two.LeadsAsync(_database));
        var (leader, standby) = await one.LeadsAsync(_database) ? (one, two) : (two, one);
        var runs = new JsonArray(
            [.. Enumerable.Range(0, BatchOfRuns).Select(_ => JsonNode.Parse("""{"job":"diag.echo","args":{},"delay":"1d"}"""))]);
        for (var made = 0; made < Runs; made += BatchOfRuns)
            await SendAsync(standby, "runs/batch", new JsonObject { ["runs"] = runs.DeepClone() });
        var canceled = await CreateAsync(standby, "cancel", "state:scheduled", rate: 10_000);
        await Until.TrueAsync(async () => (await FindAsync(standby, canceled)).GetProperty("state").GetString() == "completed");

        var replay = await CreateAsync(standby, "replay", "state:canceled", rate: 1000);
        await Until.TrueAsync(async () => await DoneAsync(standby, replay) > Runs / 4);
        await leader.KillAsync();
        var half = await DoneAsync(standby, replay);
        Assert.InRange(half, Runs / 4, Runs - 1);
        await Until.TrueAsync(
            async () => (await FindAsync(standby, replay)).GetProperty("state").GetString() == "completed", TimeSpan.FromMinutes(2));

        var ended = await FindAsync(standby, replay);
        Assert.Equal(
            (Runs, Runs, 0, 0),
            (ended.GetProperty("matched").GetProperty("value").GetInt32(), ended.GetProperty("done").GetInt32(),
                ended.GetProperty("skipped").GetProperty("changed").GetInt32(), ended.GetProperty("failed").GetInt32()));
        Assert.Equal(Runs, await CountAsync("SELECT count(*) FROM fleet.replays"));
        Assert.Equal(Runs, await CountAsync("SELECT count(DISTINCT run_id) FROM fleet.replays"));
        Assert.Equal(Runs, await CountAsync("SELECT count(*) FROM fleet.runs WHERE replays = 1"));

        // Nudges that died with the leader are sent again.
        await Until.TrueAsync(
            async () => await CountAsync("SELECT count(*) FROM fleet.runs WHERE state = 2 AND attempt = 1") == Runs,
            TimeSpan.FromMinutes(2));
        TestContext.Current.SendDiagnosticMessage($"{Runs} runs, leader killed after {half}; each replayed once.");
    }

    private async Task<FleetProcess> StartAsync(string service)
    {
        var process = await FleetProcess.StartServiceAsync(service, _settings);
        _processes.Add(process);
        return process;
    }

    private static async Task<string> CreateAsync(FleetProcess server, string kind, string query, int rate)
    {
        var preview = await SendAsync(server, "operations/preview", new JsonObject { ["kind"] = kind, ["query"] = query });
        var created = await SendAsync(server, "operations", new JsonObject
        {
            ["kind"] = kind,
            ["query"] = query,
            ["token"] = preview.GetProperty("token").GetString(),
            ["expect"] = Runs,
            ["rate"] = rate,
        });
        return created.GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> SendAsync(FleetProcess server, string path, JsonObject body)
    {
        using var response = await server.Http.PostAsJsonAsync($"/api/v1/{path}", body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static Task<JsonElement> FindAsync(FleetProcess server, string operation) =>
        server.Http.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{operation}");

    private static async Task<int> DoneAsync(FleetProcess server, string operation) =>
        (await FindAsync(server, operation)).GetProperty("done").GetInt32();

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database, sql);
}
