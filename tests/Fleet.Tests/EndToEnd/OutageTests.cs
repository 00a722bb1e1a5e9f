using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>A broker that is down while work comes in. <c>FLEET_OUTAGE_SECONDS</c> sets for how long; the suite's short form is
/// 6.</summary>
public sealed class OutageTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int BatchSize = 20;

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("FLEET_OUTAGE_SECONDS") ?? "6", CultureInfo.InvariantCulture));

    // Nobody else's test may meet what happens to it.
    private readonly RabbitMqServer _rabbit = new();
    private VirtualHost _broker = null!;
    private string _database = null!;
    private int _accepted;
    private int _refused;

    public async ValueTask InitializeAsync()
    {
        _broker = await _rabbit.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => _rabbit.DisposeAsync();

    [Fact]
    public async Task Broker_Down_RunsAreAcceptedAndNothingGrows()
    {
        var settings = FleetProcess.ServiceSettings(_database, _broker.Uri);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", settings);
        await SubmitForAsync(scheduler, TimeSpan.FromSeconds(2));

        await _rabbit.KillAsync();
        await SubmitForAsync(scheduler, Outage / 3);
        var early = (Scheduler: scheduler.Usage, Worker: worker.Usage);
        await SubmitForAsync(scheduler, Outage * 2 / 3);
        var late = (Scheduler: scheduler.Usage, Worker: worker.Usage);
        await _rabbit.RunAsync();

        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.diag_ledger") == _accepted,
            TimeSpan.FromMinutes(2));
        Assert.Equal(
            _accepted, await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.runs WHERE state = 2 AND attempt = 1"));
        // A thread per try or a buffer per run would be ten times this.
        foreach (var (before, after) in new[] { (early.Scheduler, late.Scheduler), (early.Worker, late.Worker) })
        {
            Assert.InRange(after.Threads, 1, before.Threads + 10);
            Assert.InRange(after.Megabytes, 1, (before.Megabytes * 1.25) + 16);
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{Outage.TotalSeconds:0} s down: {_accepted} accepted, {_refused} refused; threads and MB of the scheduler {early.Scheduler} "
            + $"→ {late.Scheduler}, of the worker {early.Worker} → {late.Worker}.");
    }

    /// <summary>Submits at an even pace. What is refused must be told when to come again.</summary>
    private async Task SubmitForAsync(FleetProcess scheduler, TimeSpan duration)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            await pace.WaitForNextTickAsync();
            var runs = Enumerable.Range(0, BatchSize).Select(_ => new { job = "diag.ledger", args = new { key = "k" } });
            using var answer = await scheduler.Http.PostAsJsonAsync("/api/v1/runs/batch", new { runs });
            if (answer.IsSuccessStatusCode)
            {
                _accepted += BatchSize;
                continue;
            }

            Assert.True(
                answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
                $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            Assert.NotNull(answer.Headers.RetryAfter);
            _refused += BatchSize;
        }
    }
}
