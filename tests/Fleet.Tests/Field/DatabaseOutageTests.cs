using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Fleet.Tests.Field;

/// <summary>PostgreSQL takes no writes, restarts, and takes no connections, under load from all entrances. <c>FLEET_DATABASE_OUTAGE=1</c>
/// runs the long form: 20 s read-only, 60 s without connections; the suite's short form is 4 s and 6 s.</summary>
public sealed class DatabaseOutageTests : IAsyncLifetime
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("FLEET_DATABASE_OUTAGE") == "1";

    private static readonly int Runs = IsLong ? 20_000 : 1500;

    private static readonly TimeSpan ReadOnlyFor = TimeSpan.FromSeconds(IsLong ? 20 : 4);

    private static readonly TimeSpan ClosedFor = TimeSpan.FromSeconds(IsLong ? 60 : 6);

    // Nobody else's test may meet what happens to these.
    private readonly RabbitMqServer _rabbit = new();
    private readonly PostgresServer _postgres = new();
    private readonly TempFolder _folder = new();
    private readonly ConcurrentBag<string> _wrong = [];
    private readonly ConcurrentDictionary<string, int> _ready = [];
    private Dictionary<string, string> _settings = [];
    private VirtualHost _broker = null!;
    private string _database = null!;
    private TimeSpan _slowest;

    private string Name => new NpgsqlConnectionStringBuilder(_database).Database!;

    private string Admin => new NpgsqlConnectionStringBuilder(_database) { Database = "postgres", Pooling = false }.ConnectionString;

    private string Marks => Path.Combine(_folder.Path, "marks");

    public async ValueTask InitializeAsync()
    {
        _broker = await _rabbit.CreateHostAsync();
        _database = await _postgres.CreateDatabaseAsync();
        JobPack.DropInto(_folder);
        _settings = FleetProcess.ServiceSettings(await PostgresServer.CreateUserAsync(_database), _broker.Uri);
        _settings["Fleet__Worker__JobsPath"] = _folder.Path;
        _settings["Fleet__Schedules__tick__Job"] = "diag.ledger";
        _settings["Fleet__Schedules__tick__Args"] = """{"key":"tick"}""";
        _settings["Fleet__Schedules__tick__Every"] = "1s";
        _settings["Fleet__Schedules__mark__Job"] = "pack.mark";
        _settings["Fleet__Schedules__mark__Args"] = $$"""{"file":"{{Marks}}"}""";
        _settings["Fleet__Schedules__mark__Every"] = "1s";
    }

    public async ValueTask DisposeAsync()
    {
        await _rabbit.DisposeAsync();
        await _postgres.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Database_ReadOnlyThenRestartedThenClosed_LosesParksAndCountsNothing()
    {
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", _settings);
        await using var one = await FleetProcess.StartServiceAsync("Worker", _settings);
        await using var two = await FleetProcess.StartServiceAsync("Worker", _settings);
        using var application = Application();
        await application.StartAsync();
        await using var load = new Load(scheduler.Http, application.Services.GetRequiredService<IFleetClient>(), _broker.Uri);
        var submitted = load.RunAsync(Runs, ReadOnlyFor + ClosedFor + TimeSpan.FromSeconds(10));
        using var over = new CancellationTokenSource();
        var (marking, asking) = (MarkAsync(scheduler, over.Token), AskAsync(scheduler, over.Token));
        await SucceededAsync(Runs / 20);

        // 1. As after a failover: connections that were made meanwhile stay read-only.
        await AdministerAsync("SET default_transaction_read_only = on");
        await EndConnectionsAsync();
        await ReadyAsync("takes no writes");
        await Task.Delay(ReadOnlyFor, TimeProvider.System);
        await AdministerAsync("RESET default_transaction_read_only");
        await GoesOnAsync();

        // 2. Restarted.
        await _postgres.KillAsync();
        await _postgres.RunAsync();
        await GoesOnAsync();

        // 3. No connections.
        await AdministerAsync("CONNECTION LIMIT 0");
        await EndConnectionsAsync();
        await ReadyAsync("database: too many connections");
        await Task.Delay(ClosedFor, TimeProvider.System);
        await AdministerAsync("CONNECTION LIMIT -1");
        await GoesOnAsync();

        await Until.TrueAsync(() => Task.FromResult(submitted.IsCompleted), TimeSpan.FromMinutes(5), () => load.Waiting);
        await submitted;
        await over.CancelAsync();
        var marks = await marking;
        await asking;
        foreach (var schedule in new[] { "tick", "mark" })
        {
            using var delete = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/schedules/{schedule}");
            delete.Headers.Add("If-Match", "*");
            using var deleted = await scheduler.Http.SendAsync(delete);
            deleted.EnsureSuccessStatusCode();
        }

        await Until.TrueAsync(
            async () => await CountAsync("SELECT count(*) FROM fleet.runs WHERE state < 2") == 0
                && await CountAsync("SELECT count(*) FROM fleet.runs WHERE schedule_id IS NULL") >= Runs + marks,
            TimeSpan.FromMinutes(5), () => $"{CountAsync("SELECT count(*) FROM fleet.runs WHERE state < 2").Result} runs have not ended.");
        var finished = await File.ReadAllLinesAsync(Marks);
        TestContext.Current.SendDiagnosticMessage(
            $"{Runs} runs, {finished.Length} marks; {load.Refused} submits repeated; slowest answer {_slowest.TotalSeconds:0.0} s; "
            + $"{_postgres.Refused} connections refused; ready: {string.Join("; ", _ready)}.");

        Assert.Empty(_wrong);
        Assert.Equal(0, await CountAsync(
            $"SELECT count(*) FROM fleet.runs WHERE state <> {(int)RunState.Succeeded} "
            + "AND error NOT LIKE 'The schedule was deleted%' AND NOT revoked"));
        Assert.True(await CountAsync("SELECT count(*) FROM fleet.runs WHERE attempt > 1 OR crashes > 0") == 0, await AttemptsAsync());
        Assert.Equal(Runs, await CountAsync("SELECT count(DISTINCT key) FROM fleet.diag_ledger WHERE key <> 'tick'"));
        Assert.Equal(
            await CountAsync("SELECT count(*) FROM fleet.diag_ledger"),
            await CountAsync("SELECT count(DISTINCT run_id) FROM fleet.diag_ledger"));
        Assert.Equal(finished.Length, finished.Distinct(StringComparer.Ordinal).Count());
        foreach (var queue in await _broker.QueuesAsync())
            await Until.TrueAsync(async () => await _broker.CountAsync(queue) == 0, why: () => queue);
    }

    private async Task<string> AttemptsAsync()
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand(
            "SELECT string_agg(t, E'\n') FROM (SELECT format('%s × outcome %s: %s %s', count(*), outcome, error_type, min(error)) AS t "
            + "FROM fleet.attempts GROUP BY outcome, error_type) x");
        return $"{await command.ExecuteScalarAsync()}";
    }

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database, sql);

    private Task AdministerAsync(string option) => PostgresServer.ExecuteAsync(Admin, $"ALTER DATABASE {Name} {option}");

    private Task EndConnectionsAsync() => PostgresServer.ExecuteAsync(
        Admin, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}' AND usename = 'fleet_plain'");

    private Task SucceededAsync(long least) => Until.TrueAsync(
        async () => await CountAsync("SELECT count(*) FROM fleet.runs WHERE state = 2") >= least, TimeSpan.FromMinutes(2));

    private async Task GoesOnAsync() => await SucceededAsync(await CountAsync("SELECT count(*) FROM fleet.runs WHERE state = 2") + 20);

    /// <summary>Waits until readiness says so.</summary>
    private Task ReadyAsync(string description) => Until.TrueAsync(
        () => Task.FromResult(_ready.Keys.Any(k => k.Contains(description, StringComparison.Ordinal))),
        why: () => string.Join("; ", _ready.Keys));

    /// <summary>Submits runs that leave a mark when their handler has finished.</summary>
    private async Task<int> MarkAsync(FleetProcess scheduler, CancellationToken over)
    {
        var marks = 0;
        while (!over.IsCancellationRequested)
        {
            try
            {
                using var answer = await scheduler.Http.PostAsJsonAsync(
                    "/api/v1/runs", new { job = "pack.mark", args = new { file = Marks }, idempotencyKey = $"mark.{marks}" },
                    CancellationToken.None);
                if (answer.IsSuccessStatusCode)
                    marks++;
                else
                    await CheckAsync(answer);
            }
            catch (HttpRequestException)
            {
                // Again.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }

        return marks;
    }

    /// <summary>Asks for health and runs all the time.</summary>
    private async Task AskAsync(FleetProcess scheduler, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            foreach (var path in new[] { "/health/ready", "/api/v1/runs?limit=1" })
            {
                var start = Stopwatch.GetTimestamp();
                using var answer = await scheduler.Http.GetAsync(path, CancellationToken.None);
                if (Stopwatch.GetElapsedTime(start) is var took && took > _slowest)
                    _slowest = took;
                if (path.StartsWith("/health", StringComparison.Ordinal))
                {
                    var view = await answer.Content.ReadFromJsonAsync<JsonObject>(CancellationToken.None);
                    _ready.AddOrUpdate((string?)view!["components"]!["database"]!["description"] ?? "UP", 1, (_, n) => n + 1);
                }
                else if (!answer.IsSuccessStatusCode)
                {
                    await CheckAsync(answer);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>What is refused must be told as the database's trouble, and when to come again.</summary>
    private async Task CheckAsync(HttpResponseMessage answer)
    {
        if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
            || answer.Headers.RetryAfter is null)
            _wrong.Add($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
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
}
