using System.Diagnostics;
using System.Globalization;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fleet.Tests.EndToEnd;

/// <summary>Promises P1 to P4 with everything real and everything killed: workers, the leader, the broker, the database.
/// <c>FLEET_CHAOS_RUNS</c> sets how much work there is; the suite's short form is 3,000.</summary>
public sealed class ChaosTests : IAsyncLifetime
{
    private static readonly int Runs = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_CHAOS_RUNS") ?? "3000", CultureInfo.InvariantCulture);

    private static readonly string[] Schedules = ["tick-1", "tick-2", "tick-3", "tick-4", "tick-5"];

    // Nobody else's test may meet what happens to these.
    private readonly RabbitMqServer _rabbit = new();
    private readonly PostgresServer _postgres = new();
    private readonly Random _random = new(20261125);
    private readonly List<FleetProcess> _workers = [];
    private Dictionary<string, string> _settings = [];
    private VirtualHost _broker = null!;
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await _rabbit.CreateHostAsync();
        _database = await _postgres.CreateDatabaseAsync();
        _settings = FleetProcess.ServiceSettings(_database, _broker.Uri);
        _settings["Fleet__Scheduler__LookAhead"] = "00:00:05";
        foreach (var schedule in Schedules)
        {
            _settings[$"Fleet__Schedules__{schedule}__Job"] = "diag.ledger";
            _settings[$"Fleet__Schedules__{schedule}__Args"] = """{"key":"tick"}""";
            _settings[$"Fleet__Schedules__{schedule}__Every"] = "1s";
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
        await _rabbit.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Everything_KilledUnderLoadFromAllEntrances_EveryRunEndsOnceWithOneEffect()
    {
        await using var leader = await FleetProcess.StartServiceAsync("Scheduler", _settings);
        await using var standby = await FleetProcess.StartServiceAsync("Scheduler", _settings);
        for (var i = 0; i < 4; i++)
            _workers.Add(await FleetProcess.StartServiceAsync("Worker", _settings));
        using var application = Application();
        await application.StartAsync();
        await using var load = new Load(standby.Http, application.Services.GetRequiredService<IFleetClient>(), _broker.Uri);
        var start = Stopwatch.GetTimestamp();

        // 1. Work comes in while one thing after the other dies; workers die all the time.
        var submitted = load.RunAsync(Runs, TimeSpan.FromSeconds(Math.Max(20, Runs / 500)));
        using var over = new CancellationTokenSource();
        var killing = KillWorkersAsync(over.Token);
        await Until.TrueAsync(() => Task.FromResult(load.Submitted > Runs / 4), TimeSpan.FromMinutes(5));
        await _rabbit.KillAsync();
        await _rabbit.RunAsync();
        await Until.TrueAsync(() => Task.FromResult(load.Submitted > Runs / 2), TimeSpan.FromMinutes(5));
        await _postgres.KillAsync();
        await _postgres.RunAsync();
        await Until.TrueAsync(() => Task.FromResult(load.Submitted > Runs * 3 / 4), TimeSpan.FromMinutes(5));
        await leader.KillAsync();
        await Until.TrueAsync(() => Task.FromResult(submitted.IsCompleted), TimeSpan.FromMinutes(10), () => load.Waiting);
        await submitted;
        await over.CancelAsync();
        var killed = await killing;

        // 2. No more ticks, and everything ends. A message that the broker has is a run once a worker has stored it.
        foreach (var schedule in Schedules)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/schedules/{schedule}");
            request.Headers.IfMatch.Add(System.Net.Http.Headers.EntityTagHeaderValue.Any);
            using var deleted = await standby.Http.SendAsync(request);
            deleted.EnsureSuccessStatusCode();
        }

        // The cheap question first: the count reads every run, on the same cores.
        await Until.TrueAsync(
            async () => await CountAsync(
                """
                SELECT (EXISTS (SELECT 1 FROM fleet.runs WHERE state = 0) OR EXISTS (SELECT 1 FROM fleet.runs WHERE state = 1))::int::bigint
                """) == 0
                && await CountAsync("SELECT count(*) FROM fleet.runs WHERE schedule_id IS NULL") == Runs,
            TimeSpan.FromMinutes(10));

        // 3. One effect for each key, one for each tick, and nothing left anywhere.
        Assert.Equal(
            Runs, await CountAsync($"SELECT count(*) FROM fleet.runs WHERE schedule_id IS NULL AND state = {(int)RunState.Succeeded}"));
        Assert.Equal(Runs, await CountAsync("SELECT count(DISTINCT key) FROM fleet.diag_ledger WHERE key <> 'tick'"));
        var ticks = await CountAsync(
            $"SELECT count(*) FROM fleet.runs WHERE schedule_id IS NOT NULL AND state = {(int)RunState.Succeeded}");
        Assert.Equal(
            0, await CountAsync($"SELECT count(*) FROM fleet.runs WHERE schedule_id IS NOT NULL AND state = {(int)RunState.Failed}"));
        Assert.Equal(Runs + ticks, await CountAsync("SELECT count(*) FROM fleet.diag_ledger"));
        Assert.Equal(Runs + ticks, await CountAsync("SELECT count(DISTINCT run_id) FROM fleet.diag_ledger"));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM fleet.outbox"));
        foreach (var queue in await _broker.QueuesAsync())
            await Until.TrueAsync(async () => await _broker.CountAsync(queue) == 0);
        TestContext.Current.SendDiagnosticMessage(
            $"{Runs} runs and {ticks} ticks in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s; {killed} workers killed, {load.Refused} "
            + "submits repeated.");
    }

    private async Task<int> KillWorkersAsync(CancellationToken over)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(3), TimeProvider.System);
        var killed = 0;
        try
        {
            while (await pace.WaitForNextTickAsync(over))
            {
                // One that is up: killed while they start, workers would only start.
                var victim = _random.Next(_workers.Count);
                if (!await _workers[victim].IsLiveAsync())
                    continue;
                await using (var worker = _workers[victim])
                    await worker.KillAsync();
                _workers[victim] = FleetProcess.LaunchService("Worker", _settings);
                killed++;
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }

        return killed;
    }

    /// <summary>A process of the application's own, which only enqueues.</summary>
    private IHost Application()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(_settings
            .Where(
                s => s.Key.StartsWith("Fleet__Storage", StringComparison.Ordinal)
                    || s.Key.StartsWith("Fleet__Transport", StringComparison.Ordinal))
            .Select(s => KeyValuePair.Create(s.Key.Replace("__", ":", StringComparison.Ordinal), (string?)s.Value)));
        builder.Services.AddLogging();
        builder.AddFleet(fleet => fleet.OnlyEnqueues().MigratesAtStart(false));
        return builder.Build();
    }

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database, sql);
}
