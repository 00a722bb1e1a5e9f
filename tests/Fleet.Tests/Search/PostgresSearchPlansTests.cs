using System.Globalization;
using System.Text.Json;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Search;

/// <summary>On PostgreSQL, which tells the plan of every statement as it was executed, with the rows that each step has read.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class PostgresSearchPlansTests(PostgresServer server) : SearchPlansTests(new PostgresDatabase(server))
{
    private readonly HashSet<NpgsqlConnection> _watched = [];
    private readonly List<string> _plans = [];
    private string _database = "";

    protected override async Task FillAsync(string connectionString)
    {
        _database = new NpgsqlConnectionStringBuilder(connectionString).Database!;
        var noon = Verbs.Noon.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        await PostgresServer.ExecuteAsync(connectionString, $$"""
            INSERT INTO fleet.runs (id, job, lane, state, indexed_state, due_at, staged, attempt, attempt_offset, crashes, replays,
                lease_token, created_at, started_at, finished_at, overlap, revoked, args, tags, error, error_type, schedule_id,
                idempotency_key, fingerprint)
            SELECT (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid,
                CASE WHEN n <= 3 THEN 'rare' ELSE 'job-' || n % 20 END, CASE WHEN n % 5 = 0 THEN 'mail' ELSE 'default' END,
                state, CASE state WHEN 2 THEN NULL WHEN 0 THEN CASE WHEN n % 2 = 0 THEN 0 END WHEN 1 THEN NULL ELSE state END,
                CASE WHEN state = 0 AND n % 4 = 0 THEN made + interval '2 hours' ELSE made END, true, 1, 0, 0, 0,
                CASE state WHEN 1 THEN 7 ELSE 0 END, made, CASE WHEN state > 0 THEN made END, CASE WHEN state > 1 THEN made END, 0, false,
                '{"customer":' || n % 1000 || '}', CASE WHEN n % 10 = 0 THEN '["billing"]' END,
                CASE WHEN state = 3 THEN 'The timeout of ' || n END, CASE WHEN state = 3 THEN 'TimeoutException' END,
                CASE WHEN n <= 3 THEN 'rare' WHEN n % 50 = 0 THEN 'nightly' END, CASE WHEN n % 1000 = 0 THEN 'key-' || n END,
                CASE WHEN state = 3 THEN 'v1:' || lpad(CASE WHEN n % 10000 = 0 THEN 1 ELSE n / 100 % 3 + 2 END::text, 16, '0') END
            FROM (
                SELECT n, timestamptz '{{noon}}' - ({{Runs}} - n) * {{Step}} * interval '1 ms' AS made,
                    CASE WHEN n > {{Runs}} - 50 THEN 1 WHEN n > {{Runs}} - 550 THEN 0 WHEN n % 100 = 0 THEN 3 WHEN n % 200 = 1 THEN 4
                    ELSE 2 END AS state
                FROM generate_series(1, {{Runs}}) AS n
            ) AS made;
            INSERT INTO fleet.pending_sets (lane, due_at, ids)
                SELECT 'default', now(), array_agg(id) FROM fleet.runs WHERE state = 0 AND indexed_state IS NULL;
            INSERT INTO fleet.claim_sets (worker_id, lease_token, ids)
                SELECT gen_random_uuid(), 7, array_agg(id) FROM fleet.runs WHERE state = 1;
            ANALYZE;
            ALTER DATABASE "{{_database}}" SET session_preload_libraries = 'auto_explain';
            ALTER DATABASE "{{_database}}" SET auto_explain.log_min_duration = 0;
            ALTER DATABASE "{{_database}}" SET auto_explain.log_analyze = on;
            ALTER DATABASE "{{_database}}" SET auto_explain.log_timing = off;
            ALTER DATABASE "{{_database}}" SET auto_explain.log_format = json;
            ALTER DATABASE "{{_database}}" SET auto_explain.log_level = notice;
            """);
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>The index of fingerprints is partial: a plan for any values must prove from the condition alone that it may be
    /// used.</summary>
    [Fact]
    public async Task Search_FingerprintsUnderAGenericPlan_AreFoundByTheirIndex()
    {
        await PostgresServer.ExecuteAsync(
            ConnectionString, $"ALTER DATABASE \"{_database}\" SET plan_cache_mode = force_generic_plan");
        NpgsqlConnection.ClearAllPools();
        var wrong = new List<string>();
        string[] texts = [$"fingerprint:{Group}", $"fingerprint:{Group},{RareGroup}", $"state:dead fingerprint:{RareGroup}"];
        foreach (var text in texts)
        {
            wrong.AddRange(await CheckAsync(text, () => SearchAsync(text)));
            if (!_plans.Exists(p => p.Contains("ix_runs_fingerprint", StringComparison.Ordinal)))
                wrong.Add($"{text}: not by the index of fingerprints\n{string.Join('\n', _plans)}");
            wrong.AddRange(await CheckAheadAsync(OperationKind.Replay, text, before: null));
        }

        // The same for idempotency keys.
        wrong.AddRange(await CheckAsync("keys", () => SearchAsync("key:key-1000,key-2000")));
        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
    }

    protected override async Task<IReadOnlyList<string>> CheckAsync(string what, Func<Task> search)
    {
        _plans.Clear();
        var sent = 0;
        using (new SentCommands(_database, command =>
        {
            sent++;
            if (command.Connection is NpgsqlConnection connection && _watched.Add(connection))
                connection.Notice += (_, e) => _plans.Add(e.Notice.MessageText);
        }))
            await search();

        var wrong = new List<string>();
        if (_plans.Count < sent)
            wrong.Add($"{what}: {sent} statements, and only {_plans.Count} plans");
        double all = 0;
        foreach (var plan in _plans)
        {
            var json = JsonElement.Parse(plan[plan.IndexOf('{', StringComparison.Ordinal)..]);
            var nodes = Nodes(json.GetProperty("Plan")).ToList();
            var rows = nodes.Sum(RowsRead);
            all += rows;
            if (nodes.Exists(n => TypeOf(n) == "Seq Scan" && n.GetProperty("Relation Name").GetString() == "runs"))
                wrong.Add($"{what}: a table is read whole\n{plan}");
            if (nodes.Exists(n => TypeOf(n) == "Sort" && Number(n, "Actual Rows") > MostAtOnce))
                wrong.Add($"{what}: too many rows are sorted\n{plan}");
            if (rows > 2 * MostAtOnce)
                wrong.Add($"{what}: {rows} rows are read at once\n{plan}");
        }

        if (all > MostInAll)
            wrong.Add($"{what}: {all} rows are read");
        return wrong;
    }

    private static IEnumerable<JsonElement> Nodes(JsonElement node)
    {
        yield return node;
        if (!node.TryGetProperty("Plans", out var plans))
            yield break;
        foreach (var inner in plans.EnumerateArray().SelectMany(Nodes))
            yield return inner;
    }

    private static string TypeOf(JsonElement node) => node.GetProperty("Node Type").GetString()!;

    /// <summary>The rows of a table or an index that a step has looked at, with those that its filter took out.</summary>
    private static double RowsRead(JsonElement node) => TypeOf(node).EndsWith(" Scan", StringComparison.Ordinal)
        && node.TryGetProperty("Relation Name", out _)
        ? Number(node, "Actual Loops")
            * (Number(node, "Actual Rows") + Number(node, "Rows Removed by Filter") + Number(node, "Rows Removed by Index Recheck"))
        : 0;

    private static double Number(JsonElement node, string name) => node.TryGetProperty(name, out var value) ? value.GetDouble() : 0;
}
