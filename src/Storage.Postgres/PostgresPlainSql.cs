using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Npgsql;

namespace Fleet.Storage.Postgres;

internal sealed class PostgresPlainSql(FleetSchema schema) : PlainSql(schema)
{
    public override string OpenState => "indexed_state";

    public override string SetState(RunState state) => $"state = {state:D}, indexed_state = {state:D}";

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
