using System.Globalization;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.EndToEnd;

/// <summary>Two schedulers, of which one leads: what becomes of the schedules when it stops, dies, or stands still. <c>FLEET_LEADER_KILLS</c>
/// sets how often it is killed; the suite's short form is 4.</summary>
public sealed class LeaderTests(PostgresServer postgres, RabbitMqServer rabbit) : IAsyncLifetime
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FLEET_LEADER_KILLS") ?? "4", CultureInfo.InvariantCulture);

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

    /// <summary>With the lease that is the default.</summary>
    [Fact]
    public async Task Leader_StoppedOrKilled_IsFollowedWithinASecondOrTenSeconds()
    {
        _settings.Remove("Fleet__Scheduler__Lease");
        var first = await StartAsync("Scheduler");
        await UntilLeadsAsync(first);
        var second = await StartAsync("Scheduler");

        var stopped = TimeProvider.System.GetTimestamp();
        await first.SignalAsync("TERM");
        await UntilLeadsAsync(second);
        var handOver = TimeProvider.System.GetElapsedTime(stopped);
        Assert.Equal(0, await first.WaitForExitAsync());

        var third = await StartAsync("Scheduler");
        var killed = TimeProvider.System.GetTimestamp();
        await second.KillAsync();
        await UntilLeadsAsync(third);
        var failover = TimeProvider.System.GetElapsedTime(killed);

        TestContext.Current.SendDiagnosticMessage($"Hand-over at a stop after {handOver.TotalMilliseconds:0} ms, failover after a kill after {failover.TotalSeconds:0.0} s.");
        Assert.InRange(handOver, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.InRange(failover, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    /// <summary>It decided in its term, stands still before the write, and goes on when another leads.</summary>
    [Fact]
    public async Task Leader_StandsStillBeforeItsWrite_IsRefused()
    {
        var (occurrences, leader, standby) = await StartUnderLoadAsync();
        await using (var hold = await HoldAsync("SELECT 1 FROM leases FOR UPDATE"))
        {
            await UntilASessionAsync("wait_event_type = 'Lock' AND query LIKE '%FROM leases%FOR SHARE%'");
            await leader.SignalAsync("STOP");
            await hold.EndAsync("UPDATE leases SET owner = 'another/0/0', term = term + 1, expires_at = clock_timestamp()");
            await UntilLeadsAsync(standby);
        }

        await leader.SignalAsync("CONT");

        await UntilSaysAsync(leader, "This scheduler leads no more: Term 1 is over: another scheduler leads now.");
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
    }

    /// <summary>It stands still between the first statement of a write and the last, with the lease's row locked: that must not keep others from
    /// leading, and what it has written must not count.</summary>
    [Fact]
    public async Task Leader_StandsStillInTheMiddleOfAWrite_IsFollowedAndTheWriteIsUndone()
    {
        var (occurrences, leader, standby) = await StartUnderLoadAsync();
        await using (var hold = await HoldAsync("LOCK TABLE runs IN EXCLUSIVE MODE"))
        {
            await UntilASessionAsync("wait_event_type = 'Lock' AND query LIKE 'INSERT INTO runs%'");
            await leader.SignalAsync("STOP");
            await hold.EndAsync("SELECT 1");
            await UntilASessionAsync("state = 'idle in transaction' AND query LIKE 'INSERT INTO runs%'");
        }

        var stopped = TimeProvider.System.GetTimestamp();
        await UntilLeadsAsync(standby);
        Assert.InRange(TimeProvider.System.GetElapsedTime(stopped), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await leader.SignalAsync("CONT");

        await UntilSaysAsync(leader, "This scheduler leads no more: ");
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task Leader_KilledAtRandomMomentsUnderLoad_EveryOccurrenceFiresOnce()
    {
        var random = new Random(20261126);
        var (occurrences, leader, standby) = await StartUnderLoadAsync(schedules: 300);
        var begun = TimeProvider.System.GetTimestamp();
        for (var kill = 0; kill < Kills; kill++)
        {
            // Not a wait for something: the random moment itself is what is tested.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 2000)), TimeProvider.System);
            await leader.KillAsync();
            var restarted = await StartAsync("Scheduler");
            await UntilLeadsAsync(standby);
            (leader, standby) = (standby, restarted);
        }

        await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(3));
        var lateness = await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        TestContext.Current.SendDiagnosticMessage(
            $"{Kills} kills of the leader in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0} s: {Occurrences.Summarize(lateness)}; term {await TermAsync()}.");
    }

    /// <summary>The database's clock decides who leads, and an occurrence is one whoever plans it.</summary>
    [Fact]
    public async Task Schedulers_TenMinutesApart_KeepTheLeaderAndFireNothingTwice()
    {
        using var ahead = new FakeClock(TimeSpan.FromMinutes(10));
        var occurrences = await Occurrences.PlantAsync(_database, Rhythm.Mix(50));
        await StartAsync("Worker");
        var leader = await StartAsync("Scheduler");
        await UntilLeadsAsync(leader);
        var other = await StartAsync("Scheduler", ahead.On(_settings));
        var begun = TimeProvider.System.GetTimestamp();
        await Until.TrueAsync(async () =>
        {
            Assert.Equal(1, await TermAsync());
            return TimeProvider.System.GetElapsedTime(begun) > Lease * 2;
        });

        await leader.KillAsync();
        await UntilLeadsAsync(other);

        // What the first leader has planned fires at its time, whatever the second one takes for the time.
        await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(3));
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        await Until.TrueAsync(async () => await PostgresServer.CountAsync(
            _database, "SELECT count(*) FROM runs WHERE created_at > clock_timestamp() + interval '9 minutes'") > 0);
        Assert.Equal(0, await PostgresServer.CountAsync(
            _database, "SELECT count(*) FROM (SELECT 1 FROM runs WHERE NOT revoked GROUP BY schedule_id, fire_time HAVING count(*) > 1) AS twice"));
        Assert.Equal(2, await TermAsync());
    }

    /// <summary>Two schedulers and a worker, with schedules that have begun to fire.</summary>
    private async Task<(Occurrences Occurrences, FleetProcess Leader, FleetProcess Standby)> StartUnderLoadAsync(int schedules = 50)
    {
        _settings["Fleet__Scheduler__Poll"] = "00:00:00.05";
        var occurrences = await Occurrences.PlantAsync(_database, Rhythm.Mix(schedules));
        var leader = await StartAsync("Scheduler");
        await UntilLeadsAsync(leader);
        var standby = await StartAsync("Scheduler");
        await StartAsync("Worker");
        await Occurrences.UntilAsync(occurrences.After);
        return (occurrences, leader, standby);
    }

    private async Task<FleetProcess> StartAsync(string service, IReadOnlyDictionary<string, string>? settings = null)
    {
        var process = await FleetProcess.StartServiceAsync(service, settings ?? _settings);
        _processes.Add(process);
        return process;
    }

    private Task UntilLeadsAsync(FleetProcess scheduler) => Until.TrueAsync(async () =>
        await PostgresServer.CountAsync(_database, $"SELECT count(*) FROM leases WHERE owner LIKE '%/{scheduler.Id}/%' AND expires_at > clock_timestamp()") == 1);

    private Task<long> TermAsync() => PostgresServer.CountAsync(_database, "SELECT term FROM leases");

    private static Task UntilSaysAsync(FleetProcess process, string text) =>
        Until.TrueAsync(() => Task.FromResult(process.Output.Contains(text, StringComparison.Ordinal)), TimeSpan.FromSeconds(20));

    private Task UntilASessionAsync(string condition) => Until.TrueAsync(async () => await PostgresServer.CountAsync(
        _database, $"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}") > 0);

    private async Task<Hold> HoldAsync(string sql)
    {
        var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        var hold = new Hold(connection, await connection.BeginTransactionAsync());
        await hold.ExecuteAsync(sql);
        return hold;
    }

    /// <summary>What keeps a process from going on with a write.</summary>
    private sealed class Hold(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            await command.ExecuteNonQueryAsync();
        }

        public async Task EndAsync(string sql)
        {
            await ExecuteAsync(sql);
            await transaction.CommitAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
