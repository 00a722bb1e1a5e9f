using System.Globalization;
using Fleet.Tests.Support;

namespace Fleet.Tests.EndToEnd;

/// <summary>Two schedulers, of which one leads: what becomes of the schedules when it stops, dies, or stands still.
/// <c>FLEET_LEADER_KILLS</c> sets how often it is killed; the suite's short form is 3.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class LeaderTests(PostgresServer postgres, RabbitMqServer rabbit) : IAsyncLifetime
{
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("FLEET_LEADER_KILLS") ?? "3", CultureInfo.InvariantCulture);

    // The lease of most tests, the shortest that is allowed.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    private readonly List<FleetProcess> _processes = [];
    private Dictionary<string, string> _settings = [];
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        var host = await rabbit.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
        _settings = FleetProcess.ServiceSettings(_database, host.Uri);
        _settings["Fleet__Scheduler__Lease"] = $"{Lease}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    [Fact]
    public async Task Leader_StandsStillBeforeItsWriteOrInTheMiddleOfIt_IsFollowedAndRefused()
    {
        var (leader, standby) = await StartAsync(poll: "00:00:00.05");
        var occurrences = await PlantAsync(schedules: 50);

        // 1. It decided in its term, stands still before the write, and goes on when another leads.
        await using (var hold = await HoldAsync("SELECT 1 FROM fleet.leases FOR UPDATE"))
        {
            await UntilASessionAsync("wait_event_type = 'Lock' AND query LIKE '%FROM fleet.leases%FOR SHARE%'");
            await leader.SignalAsync("STOP");
            await hold.EndAsync(
                "UPDATE fleet.leases SET owner = 'another/0/0', term = term + 1, expires_at = clock_timestamp() WHERE name = 'leader'");
        }

        await UntilLeadsAsync(standby);
        await leader.SignalAsync("CONT");
        await UntilSaysAsync(leader, "This scheduler is no longer the leader: Term 1 is over: another scheduler leads now.");

        // 2. It stands still between the first statement of a write and the last, with the lease's row locked: that must not keep others
        // from leading.
        (leader, standby) = (standby, leader);
        await using (var hold = await HoldAsync("LOCK TABLE fleet.runs IN EXCLUSIVE MODE"))
        {
            await UntilASessionAsync("wait_event_type = 'Lock' AND query LIKE 'INSERT INTO fleet.runs%'");
            await leader.SignalAsync("STOP");
            await hold.EndAsync("SELECT 1");
        }

        await UntilASessionAsync("state = 'idle in transaction' AND query LIKE 'INSERT INTO fleet.runs%'");
        await UntilLeadsAsync(standby, TimeSpan.FromSeconds(10));
        await leader.SignalAsync("CONT");
        await UntilSaysAsync(leader, "This scheduler is no longer the leader: ");

        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task Leader_KilledAtRandomMomentsUnderLoad_EveryOccurrenceFiresOnce()
    {
        var random = new Random(20261126);
        var (leader, standby) = await StartAsync();
        var occurrences = await PlantAsync(schedules: Kills > 10 ? 300 : 100);
        var begun = TimeProvider.System.GetTimestamp();
        for (var kill = 0; kill < Kills; kill++)
        {
            // Not a wait for something: the random moment itself is what is tested.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 2000)), TimeProvider.System);
            (leader, standby) = await LeadsAsync(standby) ? (standby, leader) : (leader, standby);
            await leader.KillAsync();
            leader = await StartAsync("Scheduler", _settings);
            await Until.TrueAsync(async () => await LeadsAsync(standby) || await LeadsAsync(leader));
        }

        var lateness = await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        TestContext.Current.SendDiagnosticMessage(
            $"{Kills} kills of the leader in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0} s: "
            + $"{Occurrences.Summarize(lateness)}; term {await TermAsync()}.");
    }

    /// <summary>The database's clock decides who leads, an occurrence is one whoever plans it, and who follows one whose clock was ahead
    /// plans from now on.</summary>
    [Fact]
    public async Task Schedulers_TenMinutesApart_KeepTheLeaderAndFireNothingTwice()
    {
        using var clock = new FakeClock(TimeSpan.FromMinutes(10));
        var worker = StartAsync("Worker", _settings);
        var first = await StartAsync("Scheduler", _settings);
        await UntilLeadsAsync(first);
        await worker;
        var ahead = await StartAsync("Scheduler", clock.On(_settings));
        var occurrences = await PlantAsync(schedules: 50);
        var begun = TimeProvider.System.GetTimestamp();
        await Until.TrueAsync(async () =>
        {
            Assert.Equal(1, await TermAsync());
            return TimeProvider.System.GetElapsedTime(begun) > Lease * 2;
        });

        // 1. What the first leader has planned fires at its time, whatever the second one takes for the time.
        await first.KillAsync();
        await UntilLeadsAsync(ahead);
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        await Until.TrueAsync(
            async () => await CountAsync(
                "SELECT count(*) FROM fleet.runs WHERE created_at > clock_timestamp() + interval '9 minutes'") > 0);

        // 2. The third one is right again. What follows in a minute was planned by the first.
        await ahead.KillAsync();
        var third = await StartAsync("Scheduler", _settings);
        await UntilSaysAsync(third, "The clock is behind the planned fire times: 50 schedule(s) are planned again");
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        Assert.Equal(
            0, await CountAsync(
                "SELECT count(*) FROM (SELECT 1 FROM fleet.runs GROUP BY schedule_id, fire_time HAVING count(*) > 1) AS twice"));
        Assert.Equal(3, await TermAsync());
    }

    /// <summary>Two schedulers and a worker.</summary>
    private async Task<(FleetProcess Leader, FleetProcess Standby)> StartAsync(string poll = "00:00:00.5")
    {
        _settings["Fleet__Scheduler__Poll"] = poll;
        var started = await Task.WhenAll(
            StartAsync("Scheduler", _settings), StartAsync("Scheduler", _settings), StartAsync("Worker", _settings));
        await Until.TrueAsync(async () => await TermAsync() == 1);
        return await LeadsAsync(started[0]) ? (started[0], started[1]) : (started[1], started[0]);
    }

    /// <summary>Gives the leader schedules; they have begun to fire then.</summary>
    private async Task<Occurrences> PlantAsync(int schedules)
    {
        var occurrences = await Occurrences.PlantAsync(_database, Rhythm.Mix(schedules));
        await Occurrences.UntilAsync(occurrences.After);
        return occurrences;
    }

    private async Task<FleetProcess> StartAsync(string service, IReadOnlyDictionary<string, string> settings)
    {
        var process = await FleetProcess.StartServiceAsync(service, settings);
        lock (_processes)
            _processes.Add(process);
        return process;
    }

    private Task UntilLeadsAsync(FleetProcess scheduler, TimeSpan? limit = null) => Until.TrueAsync(() => LeadsAsync(scheduler), limit);

    private Task<bool> LeadsAsync(FleetProcess scheduler) => scheduler.LeadsAsync(_database);

    private Task<long> TermAsync() => CountAsync("SELECT coalesce(max(term), 0) FROM fleet.leases");

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database, sql);

    private static Task UntilSaysAsync(FleetProcess process, string text) =>
        Until.TrueAsync(() => Task.FromResult(process.Output.Contains(text, StringComparison.Ordinal)), TimeSpan.FromSeconds(20));

    private Task UntilASessionAsync(string condition) => Until.TrueAsync(async () => await CountAsync(
        $"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}") > 0);

    private Task<PostgresHold> HoldAsync(string sql) => PostgresHold.StartAsync(_database, sql);
}
