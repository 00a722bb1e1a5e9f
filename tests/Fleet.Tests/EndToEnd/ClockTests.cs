using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.EndToEnd;

/// <summary>The clock of a process is set by an hour while it runs. What happens then is written in docs/schedules.md.</summary>
public sealed class ClockTests(PostgresServer postgres, RabbitMqServer rabbit) : IAsyncLifetime
{
    private const int Period = 2;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(5);

    private readonly FakeClock _clock = new();
    private Dictionary<string, string> _settings = [];
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        var host = await rabbit.CreateHostAsync();
        _database = await postgres.CreateDatabaseAsync();
        _settings = FleetProcess.ServiceSettings(_database, host.Uri);
        _settings["Fleet__Scheduler__LookAhead"] = $"{LookAhead}";
    }

    public ValueTask DisposeAsync()
    {
        _clock.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Scheduler and worker, as on a machine whose clock somebody sets ahead and, when he has seen it, back again.</summary>
    [Fact]
    public async Task Machine_SetAnHourAheadAndBack_MakesUpByThePolicyAndGoesOnWithoutFiringTwice()
    {
        await using var fleet = await StartAsync(_clock.On(_settings), _clock.On(_settings));
        // The first time that a fleet fires, with all of its code still to be compiled, may be late on a busy machine.
        await Occurrences.PlantAsync(_database, [Rhythm.Period("first", Period)]);
        await Until.TrueAsync(
            async () => await CountAsync($"schedule_id = 'first' AND state = {(int)RunState.Succeeded}") > 0,
            why: () => $"Scheduler:\n{fleet.Scheduler.Output}\nWorker:\n{fleet.Worker.Output}");
        var occurrences = await Task.WhenAll(Enum.GetValues<MisfirePolicy>().Select(
            misfire => Occurrences.PlantAsync(_database, [Rhythm.Period($"{misfire}", Period)], misfire)));
        await Occurrences.UntilAsync(occurrences[^1].After + TimeSpan.FromSeconds(1));
        foreach (var misfire in Enum.GetValues<MisfirePolicy>())
            await Until.TrueAsync(async () => (await ReadAsync(misfire)).Count > 0);

        // 1. Ahead: what had been planned runs, what was jumped over goes by the policy, what follows fires.
        _clock.Set(Hour);
        var jumped = TimeProvider.System.GetUtcNow() + (Hour / 2);
        foreach (var (misfire, planted) in Enum.GetValues<MisfirePolicy>().Zip(occurrences))
        {
            await Until.TrueAsync(
                async () => (await ReadAsync(misfire)).Count(
                    r => r.PlannedAt > jumped && r.FireTime > r.PlannedAt && r.State == RunState.Succeeded) > 1);
            var fired = await ReadAsync(misfire);
            var plannedUntil = fired.Where(r => r.PlannedAt < jumped).Max(r => r.FireTime);
            var missedUntil = fired.Where(r => r.PlannedAt > jumped).Min(r => r.PlannedAt) - PlanOccurrences.MisfireAfter;
            var missed = Times(plannedUntil, missedUntil).ToList();
            Assert.True(missed.Count > 1700, $"Only {missed.Count} fire times were jumped over.");
            var madeUp = missed.TakeLast(
                misfire switch { MisfirePolicy.Skip => 0, MisfirePolicy.RunLatest => 1, _ => PlanOccurrences.RunAllCap });
            Assert.Equal(
                [.. Times(planted.After, plannedUntil), .. madeUp, .. Times(missedUntil, fired[^1].FireTime)],
                fired.Select(r => r.FireTime));
        }

        // 2. Back: they go on from there, and nothing fires again.
        _clock.Set(TimeSpan.Zero);
        var back = TimeProvider.System.GetUtcNow();
        await Occurrences.UntilAsync(back + TimeSpan.FromSeconds(7));
        foreach (var misfire in Enum.GetValues<MisfirePolicy>())
        {
            var (from, until) = (back + TimeSpan.FromSeconds(2), back + TimeSpan.FromSeconds(6));
            var expected = Times(from, until).ToList();
            await Until.TrueAsync(
                async () => (await ReadAsync(misfire)).Count(
                    r => expected.Contains(r.FireTime) && r.State == RunState.Succeeded) == expected.Count);
            var fired = await ReadAsync(misfire);
            Assert.Equal(fired.Select(r => r.FireTime).Distinct(), fired.Select(r => r.FireTime));
            Assert.Equal(expected, fired.Select(r => r.FireTime).Where(t => t > from && t <= until));
        }

        // In one look, for they go on firing: those that succeeded are in the ledger, and no others.
        Assert.Equal(0, await PostgresServer.CountAsync(_database, $"""
            SELECT count(*) FROM (SELECT id FROM fleet.runs WHERE state = {(int)RunState.Succeeded}) AS r
            FULL JOIN fleet.diag_ledger AS l ON l.run_id::uuid = r.id
            WHERE r.id IS NULL OR l.run_id IS NULL
            """));
        Assert.Equal(0, await PostgresServer.CountAsync(_database, "SELECT count(*) - count(DISTINCT run_id) FROM fleet.diag_ledger"));
    }

    /// <summary>A machine boots with a clock that is behind, its worker starts, the clock is set right, and the scheduler starts
    /// again.</summary>
    [Fact]
    public async Task Machine_SetBetweenTheStartsOfWorkerAndScheduler_TakesTheWorkerForAlive()
    {
        _clock.Set(TimeSpan.FromSeconds(-30));
        await using var worker = await FleetProcess.StartServiceAsync("Worker", _clock.On(_settings));
        _clock.Set(TimeSpan.Zero);
        var settings = new Dictionary<string, string>(_settings) { ["Fleet__Scheduler__Rescue"] = "00:00:00.2" };
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", settings);
        await Until.TrueAsync(() => scheduler.LeadsAsync(_database));

        var id = await scheduler.EnqueueAsync("diag.sleep", new { ms = 3000 });
        await scheduler.WaitAsync(id, "succeeded");

        var run = await scheduler.GetAsync(id);
        var gone = await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.workers WHERE state = 2");
        Assert.True(
            (run["attempt"]!.GetValue<int>(), run["crashes"]!.GetValue<int>(), gone) == (1, 0, 0),
            $"{gone} workers are gone.\n{run}\nScheduler:\n{scheduler.Output}\nWorker:\n{worker.Output}");
    }

    /// <summary>All in one process: it jumps over its own lease, again and again.</summary>
    [Fact]
    public async Task Embedded_SetAheadBeyondTheLeaseAgainAndAgain_CountsNoCrash()
    {
        using var data = new TempFolder();
        var settings = new Dictionary<string, string> { ["Fleet__Scheduler__Rescue"] = "00:00:00.1" };
        await using var fleet = await FleetProcess.StartDevAsync(data.Path, _clock.On(settings));
        var id = await fleet.EnqueueAsync("diag.sleep", new { ms = 12_000 });
        await fleet.WaitAsync(id, "running");

        for (var jump = 1; jump <= 6; jump++)
        {
            var begun = TimeProvider.System.GetTimestamp();
            _clock.Set(Hour * jump);
            // Not a wait for something: several rescue passes and beats meet the jumped clock.
            await Until.TrueAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(1.5)));
        }

        await fleet.WaitAsync(id, "succeeded");
        var run = await fleet.GetAsync(id);
        Assert.Equal((1, 0, 0), (run["attempt"]!.GetValue<int>(), run["crashes"]!.GetValue<int>(), run["attempts"]!.AsArray().Count));
    }

    /// <summary>The worker alone: the occurrences come from the broker at their time, and a worker that takes them for early refuses
    /// them.</summary>
    [Fact]
    public async Task Worker_SetAnHourAheadAndBack_RunsEveryOccurrenceOnce()
    {
        await using var fleet = await StartAsync(_settings, _clock.On(_settings));
        var occurrences = await Occurrences.PlantAsync(_database, [Rhythm.Period("s", Period)]);
        await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(1));

        // 1. Ahead: nothing starts before its time.
        _clock.Set(Hour);
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(3));
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        Assert.Equal(0, await CountAsync("state <> 0 AND fire_time > clock_timestamp()"));

        // 2. Behind: nothing is due for it.
        _clock.Set(-Hour);
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(0.5));
        var done = await CountAsync("state <> 0");
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(Period));
        Assert.Equal(done, await CountAsync("state <> 0"));

        // 3. Right again: what was refused is brought again.
        _clock.Set(TimeSpan.Zero);
        var begun = TimeProvider.System.GetTimestamp();
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        var seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        TestContext.Current.SendDiagnosticMessage(
            $"The runs that a worker with a slow clock had refused were executed {seconds:0} s after the clock was right again.");
    }

    private static IEnumerable<DateTimeOffset> Times(DateTimeOffset after, DateTimeOffset until)
    {
        for (var second = after.ToUnixTimeSeconds() + 1; second <= until.ToUnixTimeSeconds(); second++)
        {
            if (second % Period == 0)
                yield return DateTimeOffset.FromUnixTimeSeconds(second);
        }
    }

    private Task<long> CountAsync(string condition) =>
        PostgresServer.CountAsync(_database, $"SELECT count(*) FROM fleet.runs WHERE {condition}");

    /// <summary>The runs of a schedule by fire time, and when they were planned, by the clock of the scheduler.</summary>
    private async Task<List<(DateTimeOffset FireTime, DateTimeOffset PlannedAt, RunState State)>> ReadAsync(MisfirePolicy schedule)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var select = new NpgsqlCommand(
            $"SELECT fire_time, created_at, state FROM fleet.runs WHERE schedule_id = '{schedule}' ORDER BY fire_time", connection);
        await using var reader = await select.ExecuteReaderAsync();
        var runs = new List<(DateTimeOffset, DateTimeOffset, RunState)>();
        while (await reader.ReadAsync())
            runs.Add((reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1), (RunState)reader.GetInt32(2)));
        return runs;
    }

    /// <summary>A scheduler that leads and a worker.</summary>
    private async Task<Both> StartAsync(Dictionary<string, string> scheduler, Dictionary<string, string> worker)
    {
        var started = await Task.WhenAll(
            FleetProcess.StartServiceAsync("Scheduler", scheduler), FleetProcess.StartServiceAsync("Worker", worker));
        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(_database, "SELECT count(*) FROM fleet.leases WHERE name = 'leader'") == 1);
        return new Both(started[0], started[1]);
    }

    private sealed record Both(FleetProcess Scheduler, FleetProcess Worker) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Scheduler.DisposeAsync();
            await Worker.DisposeAsync();
        }
    }
}
