using System.Diagnostics;
using System.Globalization;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Fleet.Tests.Lanes;

/// <summary>What the database reads for the figures of lanes: a fixed number of rows, whatever waits.</summary>
public sealed class LaneFiguresPlansTests(PostgresServer server)
{
    private const int OtherLanes = 299;

    /// <summary>How many runs wait. With <c>FLEET_LANE_RUNS=1000000</c>, a million.</summary>
    private static readonly int Runs =
        int.TryParse(Environment.GetEnvironmentVariable("FLEET_LANE_RUNS"), CultureInfo.InvariantCulture, out var runs) ? runs : 100_000;

    // The runs of the lane by the index of due times and by the ids of their sets, each id looked up, and a set for 64 of them; 1,000
    // running ones with their sets; lanes and workers.
    private const int MostOfALane = (3 * (CappedCount.Limit + 1)) + 200 + 3000 + (2 * OtherLanes);

    /// <summary>A list counts the lanes twice, and the others have two runs each.</summary>
    private const int MostOfAll = MostOfALane + (2000 * 3) + (OtherLanes * 20);

    [Fact]
    public async Task LaneFigures_ManyWaitingRunsOnPostgres_ReadAFixedNumberOfRows()
    {
        await using var database = new PostgresDatabase(server);
        await database.CreateAsync();
        await PostgresServer.ExecuteAsync(database.ConnectionString, $"""
            INSERT INTO fleet.lanes (name, first_seen_at) SELECT 'lane-' || n, now() FROM generate_series(1, {OtherLanes}) AS n;
            INSERT INTO fleet.lanes (name, first_seen_at) VALUES ('mail', now());
            INSERT INTO fleet.runs (id, job, lane, state, indexed_state, due_at, staged, attempt, attempt_offset, crashes, replays,
                lease_token, created_at, overlap, revoked, args)
            SELECT gen_random_uuid(), 'note', lane, state, CASE WHEN n % 3 = 0 THEN NULL ELSE state END,
                now() + CASE WHEN n % 3 = 1 THEN interval '1 day' ELSE - n * interval '1 ms' END, true, 0, 0, 0, 0, 0, now(), 0, false,
                '{"{}"}'
            FROM (
                SELECT n, CASE WHEN n > {Runs} THEN 'lane-' || (n % {OtherLanes} + 1) ELSE 'mail' END AS lane,
                    CASE WHEN n <= 3000 AND n % 3 = 0 THEN 1 ELSE 0 END AS state
                FROM generate_series(1, {Runs + (2 * OtherLanes)}) AS n
            ) AS made;
            INSERT INTO fleet.pending_sets (lane, due_at, ids)
                SELECT lane, min(due_at), array_agg(id) FROM (
                    SELECT lane, due_at, id, row_number() OVER (PARTITION BY lane) / 64 AS part
                    FROM fleet.runs WHERE state = 0 AND indexed_state IS NULL
                ) AS simple GROUP BY lane, part;
            INSERT INTO fleet.claim_sets (worker_id, lease_token, ids)
                SELECT gen_random_uuid(), n, ARRAY[id]
                FROM (SELECT id, row_number() OVER () AS n FROM fleet.runs WHERE state = 1) AS claimed;
            ANALYZE;
            """);

        var (one, rowsOfOne) = await ReadAsync(database, async figures => (await figures.FindAsync("mail", CancellationToken.None))!.Value);
        var (all, rowsOfAll) = await ReadAsync(database, async figures => (await figures.ListAsync(CancellationToken.None)).Value);

        Assert.Equal((new CappedCount(CappedCount.Limit, IsAtLeast: true), new CappedCount(1000)), (one.Ready, one.Running));
        Assert.Equal(new CappedCount(CappedCount.Limit, IsAtLeast: true), all.Single(f => f.Row.Name == "mail").Ready);
        TestContext.Current.SendDiagnosticMessage($"{Runs} runs wait: {rowsOfOne} rows for a lane, {rowsOfAll} for the list");
        Assert.InRange(rowsOfOne, CappedCount.Limit, MostOfALane);
        Assert.InRange(rowsOfAll, CappedCount.Limit, MostOfAll);
    }

    /// <summary>Each table is read by an index, and nothing is compiled: that took a hundred times as long as the statement.</summary>
    [Fact]
    public async Task LaneFigures_OnPostgres_HaveOnePlanByIndexes()
    {
        await using var database = new PostgresDatabase(server);
        await database.CreateAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, PostgresStorage.OnePlan);
        var sql = new PostgresPlainSql(FleetSchema.Default);

        var waiting = await ExplainAsync(
            connection, sql.CountWaiting(2), "(text[], int, timestamptz, timestamptz)", "(ARRAY['a', 'b'], 10, now(), now())",
            "@lanes", "@most", "@until", "@now");
        var running = await ExplainAsync(connection, sql.CountRunning, "(int)", "(10)", "@most");

        Assert.Contains("ix_pending_sets_due", waiting, StringComparison.Ordinal);
        Assert.Contains("ix_runs_pending", waiting, StringComparison.Ordinal);
        foreach (var plan in new[] { waiting, running })
        {
            Assert.Contains("\"PK_runs\"", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Seq Scan on runs", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("JIT", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task LaneFigures_OnSqlite_ReadAsManyRowsAsTheyCount()
    {
        await using var database = new SqliteDatabase();
        await database.CreateAsync();
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        var sql = new SqlitePlainSql();

        var waiting = await ExplainAsync(connection, sql.CountWaiting(2));
        var running = await ExplainAsync(connection, sql.CountRunning);

        Assert.Equal(2, waiting.Split("fleet_ix_runs_pending (lane=? AND due_at<?)").Length - 1);
        Assert.Contains("fleet_ix_runs_running", running, StringComparison.Ordinal);
        Assert.DoesNotContain("SCAN fleet_runs\n", waiting + "\n" + running, StringComparison.Ordinal);
        Assert.Equal(2, sql.CountWaiting(2).Split("LIMIT @most").Length - 1);
        Assert.Contains("LIMIT @most", sql.CountRunning, StringComparison.Ordinal);
    }

    private static async Task<(T Figures, long Rows)> ReadAsync<T>(PostgresDatabase database, Func<LaneFigures, Task<T>> read)
    {
        await RowsRead.ResetAsync(database.ConnectionString);
        var storage = database.Open(TimeProvider.System);
        var begun = Stopwatch.GetTimestamp();
        var figures = await read(new LaneFigures(storage, new DemandOptions(), TimeProvider.System));
        TestContext.Current.SendDiagnosticMessage($"{Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        await ((IAsyncDisposable)storage).DisposeAsync();
        return (figures, await RowsRead.CountAsync(database.ConnectionString));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ExplainAsync(
        NpgsqlConnection connection, string sql, string types, string values, params string[] parameters)
    {
        for (var i = 0; i < parameters.Length; i++)
            sql = sql.Replace(parameters[i], $"${i + 1}", StringComparison.Ordinal);
        await ExecuteAsync(connection, "DEALLOCATE ALL");
        await ExecuteAsync(connection, $"PREPARE p {types} AS {sql}");
        await using var command = new NpgsqlCommand($"EXPLAIN EXECUTE p {values}", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    private static async Task<string> ExplainAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + FleetSchema.Prefix.In(sql);
        foreach (var name in new[] { "@lane0", "@lane1", "@now", "@until", "@most" })
            command.Parameters.AddWithValue(name, 1);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }
}
