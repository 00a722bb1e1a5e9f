using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage;
using Fleet.Storage.Sql;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Fleet.Tests.Schedules;

/// <summary>What the database does for the last outcomes of schedules: it reads as many rows as it shows, whatever there is.</summary>
public sealed class OutcomePlansTests(PostgresServer server)
{
    private const int Limit = 30;

    [Fact]
    public async Task GetOutcomes_LongHistoryOnPostgres_ReadsAsManyRowsAsItShows()
    {
        await using var database = new PostgresDatabase(server);
        await database.CreateAsync();
        await PostgresServer.ExecuteAsync(database.ConnectionString, """
            INSERT INTO fleet.runs (id, job, lane, state, indexed_state, due_at, staged, attempt, attempt_offset, crashes, replays,
                lease_token, created_at, started_at, finished_at, overlap, revoked, args, schedule_id, fire_time)
            SELECT gen_random_uuid(), 'note', 'default', state, state, at, true, 2, 0, 0, 0, 0, at, at, at, 0, state = 4, '{}',
                's' || n % 2, at
            FROM (
                SELECT n, CASE WHEN n % 4 < 2 THEN 2 ELSE 4 END AS state, timestamptz '2026-11-22T12:00Z' - n * interval '1 min' AS at
                FROM generate_series(1, 8000) AS n
            ) AS made;
            INSERT INTO fleet.attempts (run_id, number, started_at, ended_at, outcome)
                SELECT id, 1, started_at, finished_at, 0 FROM fleet.runs;
            INSERT INTO fleet.misfires (schedule_id, first, last, count, at)
                SELECT 's' || n % 2, at, at, 1, at
                FROM (SELECT n, timestamptz '2026-11-22T12:00Z' - n * interval '1 min' AS at FROM generate_series(1, 4000) AS n) AS made;
            ANALYZE;
            """);
        await RowsRead.ResetAsync(database.ConnectionString);

        var storage = database.Open(TimeProvider.System);
        var outcomes = await new GetOutcomes(storage, TimeProvider.System).ListAsync(["s0", "s1"], Limit, CancellationToken.None);
        await ((IAsyncDisposable)storage).DisposeAsync();

        Assert.All(outcomes.Values, o => Assert.Equal(Limit, o.Count));
        // Of each schedule: its runs, its revoked runs, an attempt for each, and its misfires.
        Assert.InRange(await RowsRead.CountAsync(database.ConnectionString), 2 * Limit, 2 * 5 * Limit);
    }

    [Fact]
    public async Task GetOutcomes_OnSqlite_WalksAlongTheIndexes()
    {
        await using var database = new SqliteDatabase();
        await database.CreateAsync();
        var statements = new ScheduleStatements(new SqlitePlainSql());

        var runs = await ExplainAsync(database.ConnectionString, statements.Occurrences(schedules: 2, Limit));
        var misfires = await ExplainAsync(database.ConnectionString, statements.Misfires(schedules: 2, Limit));

        Assert.Contains("fleet_ux_runs_occurrence (schedule_id=? AND fire_time>? AND fire_time<?)", runs, StringComparison.Ordinal);
        Assert.Contains("fleet_ix_runs_revoked (schedule_id=? AND fire_time<?)", runs, StringComparison.Ordinal);
        Assert.Contains("fleet_ix_attempts_run (run_id=?)", runs, StringComparison.Ordinal);
        Assert.Contains("fleet_ix_misfires_schedule (schedule_id=?)", misfires, StringComparison.Ordinal);
        foreach (var plan in new[] { runs, misfires })
        {
            Assert.DoesNotContain("SCAN fleet", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("SCAN r", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
        }
    }

    private static async Task<string> ExplainAsync(string database, string sql)
    {
        await using var connection = new SqliteConnection(database);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + FleetSchema.Prefix.In(sql);
        foreach (var name in new[] { "@s0", "@s1", "@until" })
            command.Parameters.AddWithValue(name, 1);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }
}
