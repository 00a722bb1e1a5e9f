using System.Data.Common;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Fleet.Tests.Search;

/// <summary>On SQLite, where each statement is executed again by itself, because its counters say what it did.</summary>
public sealed class SqliteSearchPlansTests() : SearchPlansTests(new SqliteDatabase())
{
    // Virtual machine steps for each row of a window, at most: the terms of the longest query, and its columns.
    private const int StepsPerRow = 100;

    private readonly Dictionary<string, string> _plans = new(StringComparer.Ordinal);
    private string _connectionString = "";

    protected override async Task FillAsync(string connectionString)
    {
        _connectionString = connectionString;
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        var noon = Verbs.Noon.ToUnixTimeMilliseconds();
        await using var command = connection.CreateCommand();
        command.CommandText = $$"""
            PRAGMA synchronous = OFF;
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {{Runs}}),
            made AS (
                SELECT n, {{noon}} - ({{Runs}} - n) * {{Step}} AS at,
                    CASE WHEN n > {{Runs}} - 50 THEN 1 WHEN n > {{Runs}} - 550 THEN 0 WHEN n % 100 = 0 THEN 3
                    WHEN n % 200 = 1 THEN 4 ELSE 2 END AS state
                FROM numbers
            )
            INSERT INTO fleet_runs (id, job, lane, state, due_at, staged, attempt, attempt_offset, crashes, replays, lease_token,
                created_at, started_at, finished_at, overlap, revoked, args, tags, error, error_type, schedule_id, idempotency_key,
                fingerprint)
            SELECT unhex(printf('%012x', at) || '70008000000000000000'), CASE WHEN n <= 3 THEN 'rare' ELSE 'job-' || n % 20 END,
                CASE WHEN n % 5 = 0 THEN 'mail' ELSE 'default' END, state,
                CASE WHEN state = 0 AND n % 4 = 0 THEN at + 7200000 ELSE at END * 1000, 1, 1, 0, 0, 0, 0, at * 1000,
                CASE WHEN state > 0 THEN at * 1000 END, CASE WHEN state > 1 THEN at * 1000 END, 0, 0,
                '{"customer":' || n % 1000 || '}', CASE WHEN n % 10 = 0 THEN '["billing"]' END,
                CASE WHEN state = 3 THEN 'The timeout of ' || n END, CASE WHEN state = 3 THEN 'TimeoutException' END,
                CASE WHEN n <= 3 THEN 'rare' WHEN n % 50 = 0 THEN 'nightly' END, CASE WHEN n % 1000 = 0 THEN 'key-' || n END,
                CASE WHEN state = 3 THEN 'v1:' || printf('%016d', CASE WHEN n % 10000 = 0 THEN 1 ELSE n / 100 % 3 + 2 END) END
            FROM made
            """;
        await command.ExecuteNonQueryAsync();
    }

    protected override async Task<IReadOnlyList<string>> CheckAsync(string what, Func<Task> search)
    {
        var sent = new List<(string Sql, List<(string Name, object? Value)> Values)>();
        using (new SentCommands(new SqliteConnectionStringBuilder(_connectionString).DataSource, command => sent.Add(
            (command.CommandText, [.. command.Parameters.Cast<DbParameter>().Select(p => (p.ParameterName, p.Value))]))))
            await search();

        var wrong = new List<string>();
        if (sent.Count == 0)
            wrong.Add($"{what}: no statement was heard");
        await using var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync();
        long all = 0;
        foreach (var (sql, values) in sent)
        {
            if (!_plans.TryGetValue(sql, out var plan))
                _plans.Add(sql, plan = await ExplainAsync(connection, sql, values));
            var (scanned, steps, sorts) = Execute(connection.Handle!, sql, values);
            all += steps / StepsPerRow;
            // "SCAN … USING COVERING INDEX" with a limit reads a window; its rows are counted.
            if (plan.Split('\n').Any(line => line.StartsWith("SCAN ", StringComparison.Ordinal)
                && line.Contains("fleet_runs", StringComparison.Ordinal) && !line.Contains("INDEX", StringComparison.Ordinal)))
                wrong.Add($"{what}: a table is read whole\n{sql}\n{plan}");
            if (scanned > MostAtOnce || steps > (long)StepsPerRow * MostAtOnce)
                wrong.Add($"{what}: {scanned} rows are read in {steps} steps, with {sorts} sorts\n{sql}\n{plan}");
        }

        if (all > MostInAll)
            wrong.Add($"{what}: about {all} rows are read");
        return wrong;
    }

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

    private static (int Scanned, int Steps, int Sorts) Execute(sqlite3 database, string sql, List<(string Name, object? Value)> values)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_prepare_v2(database, sql, out var statement));
        using (statement)
        {
            foreach (var (name, value) in values)
                Bind(statement, raw.sqlite3_bind_parameter_index(statement, name), value);
            while (raw.sqlite3_step(statement) == raw.SQLITE_ROW)
            {
            }

            return (
                raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_FULLSCAN_STEP, 0),
                raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_VM_STEP, 0),
                raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_SORT, 0));
        }
    }

    private static void Bind(sqlite3_stmt statement, int index, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                raw.sqlite3_bind_null(statement, index);
                break;
            case byte[] bytes:
                raw.sqlite3_bind_blob(statement, index, bytes);
                break;
            case string text:
                raw.sqlite3_bind_text(statement, index, text);
                break;
            default:
                raw.sqlite3_bind_int64(statement, index, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }
}
