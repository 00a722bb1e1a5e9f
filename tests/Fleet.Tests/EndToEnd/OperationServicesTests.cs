using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Operations over the services: the leader is killed in the middle of one, and one works beside runs of people who wait.
/// <c>FLEET_OPERATION_RUNS</c> sets how many runs it has; 10,000 is the long form.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class OperationServicesTests(PostgresServer postgres, RabbitMqServer rabbit) : IAsyncLifetime
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
        await MakeCanceledAsync(standby);

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

    /// <summary>How long runs wait for their start at half of the full load, without an operation and beside one. The long form demands
    /// that the median at most doubles; the short one only reports it, because a busy machine says little in a few seconds.</summary>
    [Fact]
    public async Task Replay_BesideHalfOfFullLoad_DelaysOtherRunsLittle()
    {
        var server = await StartAsync("Scheduler");
        await StartAsync("Worker");
        await Until.TrueAsync(() => server.LeadsAsync(_database));
        await MakeCanceledAsync(server);
        // The first runs find cold code; the full load is measured after them.
        await MeasureFullLoadAsync(server);
        var perSecond = await MeasureFullLoadAsync(server) / 2;
        var seconds = TimeSpan.FromSeconds(Math.Max(2, Runs / 1000));

        var (_, before) = await LoadAsync(server, perSecond, async begun =>
        {
            await Until.TrueAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(begun) > seconds));
            return true;
        });
        var (replay, beside) = await LoadAsync(server, perSecond, async _ =>
        {
            var created = await CreateAsync(server, "replay", "state:canceled", rate: null);
            await Until.TrueAsync(
                async () => (await FindAsync(server, created)).GetProperty("state").GetString() == "completed", TimeSpan.FromMinutes(2));
            return created;
        });

        Assert.Equal(Runs, await DoneAsync(server, replay));
        TestContext.Current.SendDiagnosticMessage(
            $"Replay of {Runs} at 500/s beside {perSecond:F0} runs/s: median from due to start {before:F2} ms before, "
            + $"{beside:F2} ms beside it, {beside / before:F2} times as long.");
        if (Runs >= 10_000)
            Assert.InRange(beside / before, 0, 2);
    }

    /// <summary>Makes the runs that an operation will replay.</summary>
    private static async Task MakeCanceledAsync(FleetProcess server)
    {
        for (var made = 0; made < Runs; made += BatchOfRuns)
            await EnqueueAsync(server, BatchOfRuns, "1d");
        var canceled = await CreateAsync(server, "cancel", "state:scheduled", rate: 10_000);
        await Until.TrueAsync(async () => (await FindAsync(server, canceled)).GetProperty("state").GetString() == "completed");
    }

    private static Task<JsonElement> EnqueueAsync(FleetProcess server, int count, string delay = "0s")
    {
        var run = $$"""{"job":"diag.echo","args":{},"delay":"{{delay}}"}""";
        var runs = new JsonArray([.. Enumerable.Repeat(run, count).Select(r => JsonNode.Parse(r))]);
        return SendAsync(server, "runs/batch", new JsonObject { ["runs"] = runs });
    }

    /// <returns>Runs per second.</returns>
    private async Task<double> MeasureFullLoadAsync(FleetProcess server)
    {
        const int batches = 5;
        var before = await SucceededAsync();
        var begun = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < batches; i++)
            await EnqueueAsync(server, BatchOfRuns);
        await Until.TrueAsync(async () => await SucceededAsync() >= before + (batches * BatchOfRuns));
        return batches * BatchOfRuns / TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>Enqueues runs in small batches while something else goes on.</summary>
    /// <returns>What that answered, and the median from due to start in milliseconds.</returns>
    private async Task<(T Answer, double Median)> LoadAsync<T>(FleetProcess server, double perSecond, Func<long, Task<T>> meanwhileAsync)
    {
        const int perTick = 20;
        using var stop = new CancellationTokenSource();
        var from = TimeProvider.System.GetUtcNow();
        var load = FeedAsync();
        var answer = await meanwhileAsync(TimeProvider.System.GetTimestamp());
        await stop.CancelAsync();
        await load;
        await Until.TrueAsync(async () => await CountAsync("SELECT count(*) FROM fleet.runs WHERE state IN (0, 1)") == 0);
        var microseconds = await CountAsync($"""
            SELECT (1000000 * percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - due_at)))::bigint
            FROM fleet.runs WHERE replays = 0 AND state = 2 AND created_at >= '{from:O}'
            """);
        return (answer, microseconds / 1000.0);

        async Task FeedAsync()
        {
            using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(perTick / perSecond));
            while (!stop.IsCancellationRequested && await ticks.WaitForNextTickAsync(CancellationToken.None))
                await EnqueueAsync(server, perTick);
        }
    }

    private Task<long> SucceededAsync() => CountAsync("SELECT count(*) FROM fleet.runs WHERE state = 2");

    private async Task<FleetProcess> StartAsync(string service)
    {
        var process = await FleetProcess.StartServiceAsync(service, _settings);
        _processes.Add(process);
        return process;
    }

    private static async Task<string> CreateAsync(FleetProcess server, string kind, string query, int? rate)
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
