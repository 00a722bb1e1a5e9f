using Fleet.Tests.Support;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Tests.EndToEnd;

/// <summary>Schedules of <c>diag.ledger</c> in a database, and what they have fired against what they should have, second by
/// second.</summary>
internal sealed class Occurrences
{
    private readonly string _database;
    private readonly IReadOnlyList<Rhythm> _rhythms;

    private Occurrences(string database, IReadOnlyList<Rhythm> rhythms, DateTimeOffset after) =>
        (_database, _rhythms, After) = (database, rhythms, after);

    /// <summary>They fire after this.</summary>
    public DateTimeOffset After { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Puts schedules into the database, past the API: a thousand at once. A leader has to be there: they fire from the fifth
    /// second on, many of them somewhat later.</summary>
    public static async Task<Occurrences> PlantAsync(
        string database, IReadOnlyList<Rhythm> rhythms, MisfirePolicy misfire = MisfirePolicy.RunLatest)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        var after = DateTimeOffset.FromUnixTimeSeconds(Now.ToUnixTimeSeconds() + 4 + (rhythms.Count / 100));
        await using var insert = new NpgsqlCommand(
            """
            INSERT INTO fleet.schedules (id, job, args, every, cron, misfire, status, source, planned_until, next_plan_at, created_at,
                updated_at,
                version, missed, overlap, planned)
            SELECT s.id, 'diag.ledger', '{"key":"tick"}', s.every, s.cron, $4, 1, 'api', $5, $5, $5, $5, 1, 0, 0, 0
            FROM unnest($1::text[], $2::text[], $3::text[]) AS s(id, every, cron)
            """,
            connection);
        foreach (var texts in new[] { rhythms.Select(r => r.Id), rhythms.Select(r => r.Every), rhythms.Select(r => r.Cron) })
            insert.Parameters.Add(new() { Value = texts.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        insert.Parameters.Add(new() { Value = (int)misfire });
        insert.Parameters.Add(new() { Value = after.UtcDateTime });
        await insert.ExecuteNonQueryAsync();
        return new Occurrences(database, rhythms, after);
    }

    /// <summary>Waits until the clock of the machine is there.</summary>
    public static Task UntilAsync(DateTimeOffset time) => Until.TrueAsync(() => Task.FromResult(Now >= time), TimeSpan.FromMinutes(5));

    /// <summary>Waits until all up to a time has been planned and has ended; then each fire time has fired once, with one effect, and
    /// nothing else has.</summary>
    /// <returns>How many, and how late each started, in order.</returns>
    public async Task<IReadOnlyList<TimeSpan>> CheckAsync(DateTimeOffset until)
    {
        var end = Sql(until);
        await Until.TrueAsync(
            async () => await PostgresServer.CountAsync(_database, $"SELECT count(*) FROM fleet.schedules WHERE planned_until < {end}") == 0
                && await PostgresServer.CountAsync(
                    _database, $"SELECT count(*) FROM fleet.runs WHERE state IN (0, 1) AND fire_time <= {end}") == 0,
            TimeSpan.FromMinutes(2));

        var (fired, lateness) = await ReadAsync(end);
        var (first, last) = (After.ToUnixTimeSeconds() + 1, until.ToUnixTimeSeconds());
        var expected = _rhythms.SelectMany(r => Seconds(first, last).Where(r.FiresAt).Select(second => (r.Id, second))).ToHashSet();
        Assert.Equal([], Show(fired.Where(f => !expected.Contains(f)), "unexpected"));
        Assert.Equal([], Show(fired.GroupBy(f => f).Where(g => g.Count() > 1).Select(g => g.Key), "twice"));
        Assert.Equal([], Show(expected.Except(fired), "missing"));
        Assert.Equal(
            expected.Count,
            await PostgresServer.CountAsync(
                _database, $"SELECT count(*) FROM fleet.runs WHERE state = {(int)RunState.Succeeded} AND fire_time <= {end}"));
        Assert.Equal(expected.Count, await CountEffectsAsync("count(*)", end));
        Assert.Equal(expected.Count, await CountEffectsAsync("count(DISTINCT l.run_id)", end));
        return lateness;
    }

    /// <summary>What a list of how late things started amounts to.</summary>
    public static string Summarize(IReadOnlyList<TimeSpan> lateness) =>
        $"{lateness.Count} occurrences, late by {lateness[lateness.Count / 2].TotalMilliseconds:0} ms (median), "
        + $"{lateness[lateness.Count * 99 / 100].TotalMilliseconds:0} ms (p99), "
        + $"{lateness[^1].TotalMilliseconds:0} ms (most)";

    private static IEnumerable<long> Seconds(long first, long last)
    {
        for (var second = first; second <= last; second++)
            yield return second;
    }

    private static IEnumerable<string> Show(IEnumerable<(string Schedule, long Second)> occurrences, string what) =>
        occurrences.Order().Take(10).Select(o => $"{what}: {o.Schedule} at {DateTimeOffset.FromUnixTimeSeconds(o.Second):HH:mm:ss}");

    private static string Sql(DateTimeOffset time) => $"to_timestamp({time.ToUnixTimeMilliseconds()} / 1000.0)";

    private Task<long> CountEffectsAsync(string count, string end) => PostgresServer.CountAsync(
        _database, $"SELECT {count} FROM fleet.diag_ledger l JOIN fleet.runs r ON r.id = l.run_id::uuid WHERE r.fire_time <= {end}");

    private async Task<(List<(string Schedule, long Second)> Fired, List<TimeSpan> Lateness)> ReadAsync(string end)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var select = new NpgsqlCommand(
            $"SELECT schedule_id, fire_time, started_at FROM fleet.runs WHERE fire_time <= {end} AND NOT revoked", connection);
        await using var reader = await select.ExecuteReaderAsync();
        var (fired, lateness) = (new List<(string, long)>(), new List<TimeSpan>());
        while (await reader.ReadAsync())
        {
            var fireTime = reader.GetFieldValue<DateTimeOffset>(1);
            Assert.Equal(0, fireTime.Ticks % TimeSpan.TicksPerSecond);
            fired.Add((reader.GetString(0), fireTime.ToUnixTimeSeconds()));
            lateness.Add(reader.GetFieldValue<DateTimeOffset>(2) - fireTime);
        }

        lateness.Sort();
        return (fired, lateness);
    }
}
