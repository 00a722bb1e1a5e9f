using System.Diagnostics;
using System.Net.Http.Json;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Field;

/// <summary>More work than the server has connections for, a worker that stands still and one that dies: the fleet stays within its budget
/// of connections, so nobody is refused and no attempt is spent. <c>FLEET_TOO_MANY_CONNECTIONS=1</c> runs the long form: PostgreSQL's
/// default of 100 connections, two schedulers, eight workers, 20,000 runs that each complete in a transaction of their own; the suite's
/// short form has 48 connections, three workers and 1,500 runs.</summary>
public sealed class TooManyConnectionsTests : IAsyncLifetime
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("FLEET_TOO_MANY_CONNECTIONS") == "1";

    private static readonly (int Connections, int Schedulers, int Workers, int Runs, TimeSpan Still) Form =
        IsLong ? (100, 2, 8, 20_000, TimeSpan.FromSeconds(15)) : (48, 1, 3, 1500, TimeSpan.FromSeconds(3));

    // Connections of the test itself: the one that counts, and those that look for the end.
    private const int OfTest = 3;

    // The server's quiet is measured, so nobody else may use it.
    private readonly RabbitMqServer _rabbit = new();
    private readonly FewConnections _postgres = new();
    private readonly List<FleetProcess> _processes = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        await _rabbit.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Connections_TooFewForTheLoad_FleetStaysWithinItsBudgetAndEveryRunEndsOnce()
    {
        var broker = await _rabbit.CreateHostAsync();
        var database = await _postgres.CreateDatabaseAsync();
        var settings = FleetProcess.ServiceSettings(await PostgresServer.CreateUserAsync(database), broker.Uri);
        // Slots as they are by default: they grow while handlers are short.
        settings.Remove("Fleet__Worker__Lanes__default");
        for (var i = 0; i < Form.Schedulers; i++)
            _processes.Add(await FleetProcess.StartServiceAsync("Scheduler", settings));
        var scheduler = _processes[0];
        var workers = new List<FleetProcess>();
        for (var i = 0; i < Form.Workers; i++)
        {
            workers.Add(await FleetProcess.StartServiceAsync("Worker", settings));
            _processes.Add(workers[^1]);
        }

        using var stop = new CancellationTokenSource();
        var counting = MostConnectionsAsync(database, stop.Token);

        // 1. All work at once; then one worker stands still, and one dies.
        for (var first = 0; first < Form.Runs; first += 500)
            await SubmitAsync(scheduler, Enumerable.Range(first, 500));
        await EndedAsync(Form.Runs / 10);
        await workers[0].SignalAsync("STOP");
        await workers[1].KillAsync();
        await Task.Delay(Form.Still, TimeProvider.System);
        await workers[0].SignalAsync("CONT");

        // 2. Each run ends once, and none of them for want of a connection.
        await EndedAsync(Form.Runs);
        await stop.CancelAsync();
        var most = await counting;
        var usable = Form.Connections - 3;
        Assert.True(most <= usable - ConnectionShare.Headroom(usable) + OfTest, $"{most} connections were open.");
        var atEnd = _postgres.Refused;
        Assert.Equal(0, atEnd);
        Assert.Equal(0, await CountAsync($"SELECT count(*) FROM fleet.attempts WHERE outcome = {(int)AttemptOutcome.Outage}"));
        Assert.Equal(Form.Runs, await CountAsync($"SELECT count(*) FROM fleet.runs WHERE state = {(int)RunState.Succeeded}"));
        Assert.Equal(
            (Form.Runs, Form.Runs),
            (await CountAsync("SELECT count(*) FROM fleet.diag_ledger"),
                await CountAsync("SELECT count(DISTINCT run_id) FROM fleet.diag_ledger")));
        Assert.Equal(
            0,
            await CountAsync(
                $"SELECT count(*) FROM fleet.attempts WHERE outcome IN ({(int)AttemptOutcome.Failed}, {(int)AttemptOutcome.TimedOut})"));

        // 3. With the load gone nobody is refused any more: what had too many connections gives them back.
        var quiet = Stopwatch.StartNew();
        var last = atEnd;
        await Until.TrueAsync(
            () =>
            {
                if (_postgres.Refused > last)
                    (last, quiet) = (_postgres.Refused, Stopwatch.StartNew());
                return Task.FromResult(quiet.Elapsed > TimeSpan.FromSeconds(15));
            },
            TimeSpan.FromMinutes(2), () => $"{_postgres.Refused - atEnd} connections were refused after the load had ended.");
        var run = await scheduler.EnqueueAsync("diag.echo", new { hello = "world" });
        await scheduler.WaitAsync(run, "succeeded");
        var outages = await CountAsync($"SELECT count(*) FROM fleet.attempts WHERE outcome = {(int)AttemptOutcome.Outage}");
        var crashed = await CountAsync("SELECT count(*) FROM fleet.runs WHERE crashes > 0");
        TestContext.Current.SendDiagnosticMessage(
            $"{Form.Runs} runs; {most} connections open at most, {_postgres.Refused} refused, {_postgres.Refused - atEnd} of them after "
            + $"the load; {outages} attempts met the outage, {crashed} runs a crash.");

        // The test takes its turn for a connection like everybody else.
        async Task<long> CountAsync(string sql)
        {
            long? count = null;
            await Until.TrueAsync(
                async () =>
                {
                    try
                    {
                        count = await PostgresServer.CountAsync(database, sql);
                    }
                    catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
                    {
                        return false;
                    }

                    return true;
                },
                TimeSpan.FromMinutes(1));
            return count!.Value;
        }

        Task EndedAsync(int runs) => Until.TrueAsync(
            async () =>
                await CountAsync("SELECT count(*) FROM fleet.runs WHERE state >= 2") >= runs,
                TimeSpan.FromMinutes(8), () => workers[^1].Output);
    }

    /// <summary>The most connections that were open at a time, looked at ten times a second.</summary>
    private static async Task<long> MostConnectionsAsync(string database, CancellationToken ct)
    {
        const string sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
        var most = 0L;
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(CancellationToken.None);
        while (!ct.IsCancellationRequested)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            most = Math.Max(most, (long)(await command.ExecuteScalarAsync(CancellationToken.None))!);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }

        return most;
    }

    private static async Task SubmitAsync(FleetProcess scheduler, IEnumerable<int> numbers)
    {
        var runs = numbers.Select(n => new { job = "diag.ledger", args = new { key = $"k{n}" }, idempotencyKey = $"k{n}" }).ToArray();
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await scheduler.Http.PostAsJsonAsync("/api/v1/runs/batch", new { runs });
                return answer.IsSuccessStatusCode;
            },
            TimeSpan.FromMinutes(2));
    }

    private sealed class FewConnections() : PostgresServer("-c", $"max_connections={Form.Connections}");
}
