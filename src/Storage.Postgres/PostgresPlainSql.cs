using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Npgsql;

namespace Fleet.Storage.Postgres;

internal sealed class PostgresPlainSql(FleetSchema schema) : PlainSql(schema)
{
    public override string OpenState => "indexed_state";

    public override string IsTrue(string column) => column;

    public override string IsFalse(string column) => $"NOT {column}";

    public override string SetState(RunState state) => $"state = {state:D}, indexed_state = {state:D}";

    public override string LockRuns(string ids) => $"SELECT id FROM fleet.runs WHERE id IN ({ids}) ORDER BY id FOR UPDATE";

    /// <remarks>Deletes the claim sets whose runs have ended.</remarks>
    public override string ReadHeld => $"""
        WITH over AS (
            DELETE FROM fleet.claim_sets WHERE worker_id = @worker AND lease_token = ANY (ARRAY(
                SELECT c.lease_token FROM fleet.claim_sets c WHERE c.worker_id = @worker
                    AND NOT EXISTS (SELECT 1 FROM {PostgresRunStatements.HeldRuns})
                FOR UPDATE SKIP LOCKED))
        )
        SELECT r.id, r.lease_token, CASE WHEN r.cancel_requested_at IS NULL THEN 0 ELSE 1 END
        FROM fleet.claim_sets c CROSS JOIN {PostgresRunStatements.HeldRuns}
        WHERE c.worker_id = @worker
        """;

    /// <remarks>Simple runs are found by the sets that they were stored in, until Reconcile has indexed them. LATERAL with OFFSET keeps the
    /// planner from joining the ids with the whole table. The statement is the same for any number of lanes: it is planned once.</remarks>
    public override string CountWaiting(int lanes) => """
        SELECT lanes.number - 1, counted.* FROM unnest(@lanes) WITH ORDINALITY AS lanes (name, number) CROSS JOIN LATERAL (
            WITH ids AS MATERIALIZED (
                SELECT s.id FROM (
                    SELECT unnest(p.ids) AS id FROM (SELECT ids FROM fleet.pending_sets WHERE lane = lanes.name ORDER BY due_at) AS p
                ) AS s LIMIT @most
            ), indexed AS MATERIALIZED (
                SELECT due_at FROM fleet.runs WHERE indexed_state = 0 AND lane = lanes.name AND due_at <= @until
                ORDER BY due_at LIMIT @most
            ), waiting AS (
                SELECT due_at FROM indexed
                UNION ALL
                SELECT r.due_at FROM ids CROSS JOIN LATERAL (
                    SELECT due_at FROM fleet.runs WHERE id = ids.id AND state = 0 AND indexed_state IS DISTINCT FROM 0 OFFSET 0
                ) AS r WHERE r.due_at <= @until
            )
            SELECT count(*), coalesce(sum(CASE WHEN due_at <= @now THEN 1 ELSE 0 END), 0), min(due_at),
                (SELECT count(*) FROM indexed), (SELECT count(*) FROM indexed WHERE due_at <= @now), (SELECT count(*) FROM ids)
            FROM waiting
        ) AS counted
        """;

    public override IEnumerable<(string Name, object? Value)> LaneParameters(IReadOnlyList<string> lanes) =>
        [("@lanes", lanes.ToArray())];

    /// <remarks>By the sets that they were claimed in, because no index knows a running run.</remarks>
    public override string CountRunning => """
        WITH ids AS MATERIALIZED (
            SELECT s.id FROM (SELECT unnest(c.ids) AS id FROM fleet.claim_sets AS c) AS s LIMIT @most
        )
        SELECT NULL, (SELECT count(*) FROM ids)
        UNION ALL
        SELECT r.lane, count(*) FROM ids CROSS JOIN LATERAL (
            SELECT lane FROM fleet.runs WHERE id = ids.id AND state = 1 OFFSET 0
        ) AS r GROUP BY r.lane
        """;

    public override RunId ReadRunId(DbDataReader reader, int column) => new(reader.GetGuid(column));

    protected override DbParameter Parameter(string name, object? value) => new NpgsqlParameter(name, value switch
    {
        null => DBNull.Value,
        RunId id => id.Value,
        WorkerId id => id.Value,
        DateTimeOffset instant => Statement.Utc(instant),
        _ => value,
    });
}
