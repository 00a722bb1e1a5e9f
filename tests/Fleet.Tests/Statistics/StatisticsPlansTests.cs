using System.Data.Common;
using Fleet.Core.Statistics;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Search;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Statistics;

/// <summary>What the database reads for each statement of the statistics, in tables with a month of figures: the rows that it needs, by an
/// index, and no table from end to end.</summary>
public sealed class StatisticsPlansTests(PostgresServer server)
{
    private static readonly WorkerId Worker = new(new Guid("00000000-0000-7000-8000-000000000007"));

    /// <summary>Each use, and how many rows it reads at most. There are 20 series: in a minute 20 rows, in a quarter of an hour 20; each of
    /// 50 workers has a sample of each of 2 lanes every ten seconds.</summary>
    public static TheoryData<string, int> Uses() => new()
    {
        { "the last hour", 60 * 20 },
        { "one job", 60 * 20 },
        { "a day", 24 * 60 * 20 },
        { "a day, three weeks ago", 24 * 4 * 20 },
        { "rates", 50 * 2 * 10 },
        { "a worker", 60 * 2 * 2 },
        { "three workers", 3 * 60 * 2 * 2 },
        // The rows of the oldest minute and of the oldest quarter of an hour, read, and found once more to be deleted.
        { "merge", 2 * 2 * 15 * 20 },
        // Of the misfires, a batch is looked at.
        { "prune", PruneFigures.BatchSize },
        // The samples that it replaces.
        { "flush", 200 },
        { "ends", 10 },
    };

    [Theory]
    [MemberData(nameof(Uses))]
    public async Task Statistics_OnPostgres_ReadOnlyTheRowsOfTheRange(string use, int most)
    {
        await using var database = new PostgresDatabase(server);
        await database.CreateAsync();
        await PostgresServer.ExecuteAsync(database.ConnectionString, FillPostgres);
        await RowsRead.ResetAsync(database.ConnectionString);
        var storage = database.Open(new FakeTimeProvider(Verbs.Noon));

        await UseAsync(storage, use);
        await ((IAsyncDisposable)storage).DisposeAsync();

        Assert.InRange(await RowsRead.CountAsync(database.ConnectionString), 0, most + 30);
        Assert.Equal(0, await RowsRead.CountWholeAsync(database.ConnectionString, "rollups", "worker_samples", "misfires"));
    }

    [Fact]
    public async Task Statistics_OnSqlite_FindTheirRowsByAnIndex()
    {
        await using var database = new SqliteDatabase();
        await database.CreateAsync();
        var storage = database.Open(new FakeTimeProvider(Verbs.Noon));
        var sent = new List<(string Sql, List<(string Name, object? Value)> Values)>();
        using (new SentCommands(new SqliteConnectionStringBuilder(database.ConnectionString).DataSource, command => sent.Add(
            (command.CommandText, [.. command.Parameters.Cast<DbParameter>().Select(p => (p.ParameterName, p.Value))]))))
        {
            foreach (var use in Uses().Select(u => u.Data.Item1))
                await UseAsync(storage, use);
        }

        await ((IAsyncDisposable)storage).DisposeAsync();
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        var looked = 0;
        foreach (var (sql, values) in sent.Where(s => s.Sql.Contains("fleet_rollups", StringComparison.Ordinal)
            || s.Sql.Contains("fleet_worker_samples", StringComparison.Ordinal)))
        {
            if (sql.StartsWith("INSERT", StringComparison.Ordinal))
                continue;
            var plan = await ExplainAsync(connection, sql, values);
            Assert.Contains("SEARCH ", plan, StringComparison.Ordinal);
            Assert.DoesNotContain(
                plan.Split('\n'),
                line => line.StartsWith("SCAN ", StringComparison.Ordinal) && !line.Contains("json_each", StringComparison.Ordinal));
            looked++;
        }

        Assert.True(looked >= 10, $"{looked} statements were looked at");
    }

    private static async Task UseAsync(IStorage storage, string use)
    {
        var time = new FakeTimeProvider(Verbs.Noon);
        var (statistics, samples) = (new GetStatistics(storage, time), new GetWorkerSamples(storage, time));
        var ct = CancellationToken.None;
        switch (use)
        {
            case "the last hour":
                await statistics.ExecuteAsync(new StatisticsRequest { By = StatisticsBy.Job }, ct);
                break;
            case "one job":
                await statistics.ExecuteAsync(
                    new StatisticsRequest { Job = "job-1", Lane = "default", Outcome = RollupOutcome.Succeeded }, ct);
                break;
            case "a day":
                await statistics.ExecuteAsync(new StatisticsRequest { Since = TimeSpan.FromDays(1) }, ct);
                break;
            case "a day, three weeks ago":
                await statistics.ExecuteAsync(
                    new StatisticsRequest { From = Verbs.Noon.AddDays(-21), Until = Verbs.Noon.AddDays(-20) }, ct);
                break;
            case "rates":
                await samples.ReadRatesAsync(ct);
                break;
            case "a worker":
                await samples.FindAsync(Worker, ct);
                break;
            case "three workers":
                await samples.ListAsync([Worker, WorkerId.New(Verbs.Noon), WorkerId.New(Verbs.Noon)], ct);
                break;
            case "merge":
                await new MergeRollups(storage, time, NullLogger<MergeRollups>.Instance).ExecuteAsync(
                    await LeadAsync(storage, time), TimeSpan.FromHours(1), ct);
                break;
            case "prune":
                await new PruneFigures(storage, time, NullLogger<PruneFigures>.Instance).ExecuteAsync(
                    await LeadAsync(storage, time), TimeSpan.FromDays(60), ct);
                break;
            case "flush":
                var sample = new WorkerSample { WorkerId = Worker, Lane = "default", At = Verbs.Noon, Bars = [] };
                await storage.WriteAsync(
                    async session =>
                    {
                        await storage.Rollups.IsAddedAsync(session, Worker, Verbs.Noon, ct);
                        await storage.Rollups.AddAsync(session, [Row()], [sample], Verbs.Noon.AddMinutes(-15), ct);
                        return true;
                    },
                    ct);
                break;
            case "ends":
                await storage.WriteAsync(
                    async session =>
                    {
                        await storage.Rollups.AddEndedAsync(session, [RunId.New(Verbs.Noon)], RollupOutcome.Skipped, Verbs.Noon, ct);
                        return true;
                    },
                    ct);
                break;
            default:
                Assert.Fail(use);
                break;
        }
    }

    private static Rollup Row() => new() { At = Verbs.Noon, Job = "note", Lane = "default", Outcome = RollupOutcome.Failed, Count = 1 };

    private static async Task<Core.Leadership.Term> LeadAsync(IStorage storage, TimeProvider time) =>
        (await new Core.Leadership.LeaderLease(storage, time).AcquireAsync("leader", TimeSpan.FromMinutes(5), CancellationToken.None))!
        .Value;

    /// <summary>A month of quarters, a day of minutes, two minutes that are not merged, and the samples of a quarter of an hour.</summary>
    private const string FillPostgres = """
        INSERT INTO fleet.rollups (at, step, job, lane, outcome, count, waited, worked, slots, waits, durations)
        SELECT at, step, CASE WHEN s % 10 = 0 THEN '' ELSE 'job-' || s % 10 END, CASE WHEN s < 10 THEN 'default' ELSE 'mail' END,
            CASE WHEN s % 10 = 0 THEN 0 ELSE 1 END, 1, 0, 0, 0, '', ''
        FROM generate_series(0, 19) AS s CROSS JOIN (
            SELECT timestamptz '2026-11-21T12:00Z' - q * interval '15 min' AS at, 900 AS step FROM generate_series(1, 2880) AS q
            UNION ALL
            SELECT timestamptz '2026-11-22T11:58Z' - m * interval '1 min', 60 FROM generate_series(1, 1438) AS m
            UNION ALL
            SELECT timestamptz '2026-11-22T12:00Z' - w * interval '1 min', 0 FROM generate_series(1, 2) AS w
        ) AS periods;
        INSERT INTO fleet.worker_samples (worker_id, lane, at, length, busy, slots, succeeded, retried, failed, canceled, released, bars,
            bars_left_out)
        SELECT ('00000000-0000-7000-8000-' || lpad(w::text, 12, '0'))::uuid, lane,
            timestamptz '2026-11-22T12:00Z' - n * interval '10 s', 10000000, 1, 2, 1, 0, 0, 0, 0, '', 0
        FROM generate_series(1, 50) AS w CROSS JOIN (VALUES ('default'), ('mail')) AS lanes (lane) CROSS JOIN generate_series(1, 90) AS n;
        INSERT INTO fleet.misfires (schedule_id, first, last, count, at)
            SELECT 's' || n, now(), now(), 1, timestamptz '2026-11-22T12:00Z' FROM generate_series(1, 20000) AS n;
        INSERT INTO fleet.workers (id, name, process_space, process_id, process_start, lanes, jobs, state, started_at, heartbeat_at,
            lease_until, claimed_through, lane_loads, machine, program, version)
        VALUES ('00000000-0000-7000-8000-000000000007', 'w', '', 1, 1, '{}', '{}', 0, now(), now(), now(), '{}', '{}', '', '', '');
        ANALYZE;
        """;

    private static async Task<string> ExplainAsync(SqliteConnection connection, string sql, List<(string Name, object? Value)> values)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(3));
        return string.Join('\n', lines);
    }
}
