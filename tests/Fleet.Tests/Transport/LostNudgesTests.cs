using System.Diagnostics.Metrics;
using Fleet.Core.Lanes;
using Fleet.Core.Telemetry;
using Fleet.Engine.Diagnostics;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Transport;

/// <summary>10,000 runs wait, and every nudge is lost: all of them run, and few of them are nudged twice.</summary>
public sealed class LostNudgesTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Runs = 10_000;

    // Nobody else's test may meet what happens to it.
    private readonly RabbitMqServer _server = new();
    private readonly string _lane = "late-" + Guid.NewGuid().ToString("N")[..8];
    private VirtualHost _broker = null!;
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await _server.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await postgres.DropDatabaseAsync(_database);
        await _server.DisposeAsync();
    }

    [Fact]
    public Task Queue_Purged_AllRunsEndAndFewWereNudgedTwice() => RunAllAsync(() => _broker.PurgeAsync($"fleet.{_lane}"));

    [Fact]
    public Task Broker_StartedOnAnEmptyDirectory_AllRunsEndAndFewWereNudgedTwice() => RunAllAsync(() => _server.StartEmptyAsync(_broker));

    private async Task RunAllAsync(Func<Task> loseNudges)
    {
        var duplicates = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == FleetMetrics.Name && instrument.Name == "fleet.nudges.duplicate")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            if (tags[0].Value as string == _lane)
                Interlocked.Add(ref duplicates, count);
        });
        listener.Start();
        await using var submitter = await StartAsync("default=4");
        await submitter.Client.EnqueueManyAsync(
            Enumerable.Range(0, Runs).Select(i => new Ledger($"{i}")).ToArray(), new EnqueueOptions { Lane = _lane });
        var transport = new Wire(submitter.Services);
        await Waiting.UntilAsync(async () => await transport.CountWaitingAsync(_lane, default) >= Runs / NudgePublisher.MaxIds);

        await loseNudges();
        await using var worker = await StartAsync($"{_lane}=64");

        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.runs WHERE state = 2") == Runs,
            TimeSpan.FromMinutes(2));
        Assert.Equal(Runs, await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.diag_ledger"));
        Assert.Equal(Runs, await PostgresServer.CountAsync(_database, "SELECT count(DISTINCT run_id) FROM fleet.diag_ledger"));
        // The last nudges may still be on their way.
        await Waiting.UntilAsync(async () => await transport.CountWaitingAsync(_lane, default) == 0);
        TestContext.Current.SendDiagnosticMessage($"{duplicates} of {Runs} runs were nudged twice.");
        Assert.InRange(duplicates, 0, Runs / 10);
    }

    private Task<EmbeddedFleet> StartAsync(string lane) => ScriptedFleet.StartAsync(
        Script.Of(_ => { }),
        settings:
        [
            "Storage:Provider=Postgres", $"Storage:ConnectionString={_database};Pooling=true",
            "Transport:Provider=RabbitMq", $"Transport:Uri={_broker.Uri}", $"Worker:Lanes:{lane}",
        ]);
}
