using Fleet.Core.Storage;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>Reads what stands in Fleet's schema, and whether the role of the connection may use it. Without EF Core, which a worker never
/// loads.</summary>
internal sealed class ReadSchema(FleetSchema schema)
{
    /// <summary>Fleet's tables. A role needs SELECT, INSERT, UPDATE and DELETE on them; others may stand in the same schema.</summary>
    internal static readonly string[] Tables =
    [
        "attempts", "claim_sets", "dead_letters", "diag_ledger", "inbox", "jobs", "lanes", "leases", "outbox", "pending_sets",
        "replays", "run_logs", "runs", "schedules", "workers",
    ];

    // From the catalogs, which every role may read. An earlier Fleet had its tables beside EF Core's usual table of migrations.
    private const string Look = """
        SELECT pg_backend_pid(), current_user::text, has_schema_privilege(n.oid, 'USAGE'),
            EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'migrations'),
            (SELECT string_agg(lacks.rights || ' on ' || lacks.relname, '; ' ORDER BY lacks.relname) FROM (
                SELECT c.relname, string_agg(p.name, ', ' ORDER BY p.place) AS rights
                FROM pg_class c CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) AS p(place, name)
                WHERE c.relnamespace = n.oid AND NOT has_table_privilege(c.oid, p.name)
                    AND (c.relname = ANY ($2) OR (c.relname = 'migrations' AND p.place = 1))
                GROUP BY c.relname) AS lacks),
            (SELECT min(o.nspname::text) FROM pg_namespace o
                JOIN pg_class r ON r.relnamespace = o.oid AND r.relname = 'runs'
                JOIN pg_class h ON h.relnamespace = o.oid AND h.relname = '__EFMigrationsHistory'
                WHERE (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attname IN ('lease_token', 'attempt_offset')) = 2)
        FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = $1
        """;

    /// <param name="connection">An open connection.</param>
    /// <param name="known">The migrations of this program, oldest first.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <returns>The schema, and the server's process that has answered.</returns>
    public async Task<(DatabaseSchema Schema, int Process)> ExecuteAsync(
        NpgsqlConnection connection, IReadOnlyList<string> known, CancellationToken ct)
    {
        int process;
        bool hasHistory;
        string? obstacle, old;
        await using (var command = new NpgsqlCommand(Look, connection)
        {
            Parameters = { Statement.Text(schema.Name), new NpgsqlParameter<string[]> { TypedValue = Tables } },
        })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            process = reader.GetInt32(0);
            hasHistory = reader.GetBoolean(3);
            obstacle = ReadObstacle(reader);
            old = reader.IsDBNull(5) ? null : reader.GetString(5);
        }

        if (obstacle is not null)
            return (new DatabaseSchema([], [], []) { Obstacle = obstacle }, process);
        var found = DatabaseSchema.Of(schema, hasHistory ? await ReadMigrationsAsync(connection, ct) : [], known);
        if (found.Applied.Count == 0 && old is not null)
            found = found with { Obstacle = DatabaseSchema.OldTables($"{old}.runs", schema) };
        return (found, process);
    }

    /// <summary>The sentence for a role that lacks rights; null if it has them all.</summary>
    private string? ReadObstacle(NpgsqlDataReader reader)
    {
        var role = reader.GetString(1);
        if (!reader.IsDBNull(2) && !reader.GetBoolean(2))
        {
            return $"The role '{role}' may not use the schema '{schema.Name}' of Fleet's tables: it lacks USAGE on it. "
                + "Grant it, as docs/storage.md shows.";
        }

        return reader.IsDBNull(4)
            ? null
            : $"The role '{role}' lacks rights in the schema '{schema.Name}' of Fleet's tables: {reader.GetString(4)}. "
                + "Grant them, as docs/storage.md shows.";
    }

    private async Task<List<string>> ReadMigrationsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var history = new NpgsqlCommand(
            schema.In("""SELECT "MigrationId" FROM fleet.migrations ORDER BY "MigrationId" """), connection);
        await using var reader = await history.ExecuteReaderAsync(ct);
        var applied = new List<string>();
        while (await reader.ReadAsync(ct))
            applied.Add(reader.GetString(0));
        return applied;
    }
}
