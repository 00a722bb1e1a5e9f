using Fleet.Core.Schedules;
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
    [Theory]
    [InlineData(MisfirePolicy.Skip)]
    [InlineData(MisfirePolicy.RunLatest)]
    [InlineData(MisfirePolicy.RunAll)]
    public async Task Machine_SetAnHourAheadAndBack_MakesUpByThePolicyAndFiresNothingTwice(MisfirePolicy misfire)
    {
        var occurrences = await Occurrences.PlantAsync(_database, [Rhythm.Period("s", Period)], misfire);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", _clock.On(_settings));
        await using var worker = await FleetProcess.StartServiceAsync("Worker", _clock.On(_settings));
        await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(1));

        // 1. Ahead: what the scheduler has planned by then runs, what it jumped over goes by the policy, what follows fires.
        _clock.Set(Hour);
        var jumped = DateTimeOffset.FromUnixTimeSeconds((TimeProvider.System.GetUtcNow() + Hour - TimeSpan.FromMinutes(5)).ToUnixTimeSeconds());
        await Until.TrueAsync(async () => await CountAsync($"created_at > '{jumped:O}' AND fire_time > created_at AND state = 2") > 1);
        var fired = await ReadAsync();
        var plannedAt = fired.Where(r => r.PlannedAt > jumped).Min(r => r.PlannedAt);
        var plannedUntil = fired.Where(r => r.PlannedAt < jumped).Max(r => r.FireTime);
        var missedUntil = plannedAt - PlanOccurrences.MisfireAfter;
        var missed = Times(plannedUntil, missedUntil).ToList();
        var madeUp = misfire switch
        {
            MisfirePolicy.Skip => [],
            MisfirePolicy.RunLatest => missed.TakeLast(1),
            _ => missed.TakeLast(PlanOccurrences.RunAllCap),
        };
        DateTimeOffset[] expected = [.. Times(occurrences.After, plannedUntil), .. madeUp, .. Times(missedUntil, fired.Max(r => r.FireTime))];
        Assert.Equal(expected, fired.Select(r => r.FireTime));
        Assert.True(missed.Count > 1700, $"Only {missed.Count} fire times were jumped over.");

        // 2. Back: nothing that has fired fires again, whatever the clock shows once more.
        _clock.Set(TimeSpan.Zero);
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(5));
        var all = await ReadAsync();
        Assert.Equal(all.Select(r => r.FireTime).Distinct(), all.Select(r => r.FireTime));
        TestContext.Current.SendDiagnosticMessage($"{misfire}: after the clock was set back, {all.Count - fired.Count} more: {string.Join(", ", all.Except(fired).Select(r => $"{r.FireTime:HH:mm:ss} by {r.PlannedAt:HH:mm:ss} state {r.State}"))}");
        Assert.Equal(
            await PostgresServer.CountAsync(_database, "SELECT count(*) FROM runs WHERE state = 2"),
            await PostgresServer.CountAsync(_database, "SELECT count(DISTINCT run_id) FROM diag_ledger"));
        Assert.Equal(0, await PostgresServer.CountAsync(_database, "SELECT count(*) - count(DISTINCT run_id) FROM diag_ledger"));
    }

    /// <summary>The worker alone: the occurrences come from the broker at their time, and a worker that takes them for early refuses them.</summary>
    [Fact]
    public async Task Worker_SetAnHourAheadAndBack_RunsEveryOccurrenceOnce()
    {
        var occurrences = await Occurrences.PlantAsync(_database, [Rhythm.Period("s", Period)]);
        await using var scheduler = await FleetProcess.StartServiceAsync("Scheduler", _settings);
        await using var worker = await FleetProcess.StartServiceAsync("Worker", _clock.On(_settings));
        await Occurrences.UntilAsync(occurrences.After + TimeSpan.FromSeconds(1));

        // 1. Ahead: nothing starts before its time.
        _clock.Set(Hour);
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(5));
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        Assert.Equal(0, await CountAsync("state <> 0 AND fire_time > clock_timestamp()"));

        // 2. Behind: nothing is due for it.
        _clock.Set(-Hour);
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        var done = await CountAsync("state <> 0");
        await Occurrences.UntilAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(4));
        Assert.Equal(done, await CountAsync("state <> 0"));

        // 3. Right again: what was refused is brought again.
        _clock.Set(TimeSpan.Zero);
        var begun = TimeProvider.System.GetTimestamp();
        await occurrences.CheckAsync(TimeProvider.System.GetUtcNow());
        TestContext.Current.SendDiagnosticMessage($"What a worker refused whose clock was behind had run {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0} s after it was right again.");
    }

    private static IEnumerable<DateTimeOffset> Times(DateTimeOffset after, DateTimeOffset until)
    {
        for (var second = after.ToUnixTimeSeconds() + 1; second <= until.ToUnixTimeSeconds(); second++)
        {
            if (second % Period == 0)
                yield return DateTimeOffset.FromUnixTimeSeconds(second);
        }
    }

    private Task<long> CountAsync(string condition) => PostgresServer.CountAsync(_database, $"SELECT count(*) FROM runs WHERE {condition}");

    /// <summary>All runs by fire time, and when they were planned, by the clock of the scheduler.</summary>
    private async Task<List<(DateTimeOffset FireTime, DateTimeOffset PlannedAt, int State)>> ReadAsync()
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var select = new NpgsqlCommand("SELECT fire_time, created_at, state FROM runs ORDER BY fire_time", connection);
        await using var reader = await select.ExecuteReaderAsync();
        var runs = new List<(DateTimeOffset, DateTimeOffset, int)>();
        while (await reader.ReadAsync())
            runs.Add((reader.GetFieldValue<DateTimeOffset>(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt32(2)));
        return runs;
    }
}
