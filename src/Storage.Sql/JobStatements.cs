using Fleet.Core.Actors;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class JobStatements(PlainSql sql) : IJobStatements
{
    private const string Read = """
        SELECT name, version, lane, max_attempts, timeout_ms, description, aliases, "schema", example, first_seen_at, seen_at,
            published_by
        FROM fleet.jobs
        """;

    private const string ReadOffers = "SELECT lanes, jobs, CAST(count(*) AS int) FROM fleet.workers "
        + "WHERE state = 0 AND drain_since IS NULL GROUP BY lanes, jobs";

    private const string See = "UPDATE fleet.jobs SET seen_at = @now WHERE name = @name AND version = @version";

    private const string Add = """
        INSERT INTO fleet.jobs
            (name, version, lane, max_attempts, timeout_ms, description, aliases, "schema", example, first_seen_at, seen_at,
            published_by)
        VALUES (@name, @version, @lane, @max, @timeout, @description, @aliases, @schema, @example, @first, @seen, @by)
        """;

    private const string Delete = "DELETE FROM fleet.jobs WHERE name = @name AND version = @version";

    public Task<IReadOnlyList<JobRow>> ReadAsync(StorageSession session, CancellationToken ct) => sql.QueryAsync(
        session, Read,
        row => new JobRow
        {
            Name = row.GetString(0),
            Version = row.GetString(1),
            Lane = row.GetString(2),
            MaxAttempts = row.IsDBNull(3) ? null : row.GetInt32(3),
            TimeoutMs = row.IsDBNull(4) ? null : row.GetInt64(4),
            Description = row.IsDBNull(5) ? null : row.GetString(5),
            Aliases = row.GetString(6),
            Schema = row.GetString(7),
            Example = row.GetString(8),
            FirstSeenAt = sql.ReadInstant(row, 9),
            SeenAt = sql.ReadInstant(row, 10),
            PublishedBy = row.IsDBNull(11) ? null : Actor.FromRow(row.GetString(11)),
        },
        ct);

    public Task<IReadOnlyList<OfferRow>> ReadOffersAsync(StorageSession session, CancellationToken ct) =>
        sql.QueryAsync(session, ReadOffers, row => new OfferRow(row.GetString(0), row.GetString(1), row.GetInt32(2)), ct);

    public async Task<bool> SeeAsync(StorageSession session, string name, string version, DateTimeOffset now, CancellationToken ct) =>
        await sql.ExecuteAsync(session, See, ct, ("@name", name), ("@version", version), ("@now", now)) > 0;

    public Task AddAsync(StorageSession session, JobRow job, CancellationToken ct) => sql.ExecuteAsync(
        session, Add, ct,
        ("@name", job.Name), ("@version", job.Version), ("@lane", job.Lane), ("@max", job.MaxAttempts), ("@timeout", job.TimeoutMs),
        ("@description", job.Description), ("@aliases", job.Aliases), ("@schema", job.Schema), ("@example", job.Example),
        ("@first", job.FirstSeenAt), ("@seen", job.SeenAt), ("@by", job.PublishedBy?.ToRow()));

    public Task DeleteAsync(StorageSession session, string name, string version, CancellationToken ct) =>
        sql.ExecuteAsync(session, Delete, ct, ("@name", name), ("@version", version));
}
