using System.Globalization;
using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

internal sealed class ColdRunStatements(PlainSql sql) : IColdRunStatements
{
    private const string Find = "SELECT id FROM fleet.runs WHERE id = @id";

    // 3, 6 and 7 are AttemptOutcome.Released, Outage and Unserved. MAX(id + 0): asked for the latest id itself, PostgreSQL may read the
    // whole table backwards until it meets the run.
    internal const string CountOutages = """
        SELECT CAST(COUNT(*) AS int) FROM fleet.attempts WHERE run_id = @id AND outcome = 6
            AND id > COALESCE((SELECT MAX(o.id + 0) FROM fleet.attempts o WHERE o.run_id = @id AND o.outcome NOT IN (3, 6, 7)), 0)
        """;

    public async Task<bool> ExistsAsync(StorageSession session, RunId run, CancellationToken ct) =>
        (await sql.QueryAsync(session, Find, _ => true, ct, ("@id", run))).Count > 0;

    public async Task LockAsync(StorageSession session, IReadOnlyList<RunId> runs, CancellationToken ct)
    {
        var ids = runs.Order().Select((id, i) => (Name: string.Create(CultureInfo.InvariantCulture, $"@id{i}"), (object?)id)).ToArray();
        if (ids.Length > 0 && sql.LockRuns(string.Join(", ", ids.Select(id => id.Name))) is { } statement)
            await sql.QueryAsync(session, statement, _ => true, ct, ids);
    }

    public async Task<int> CountOutagesAsync(StorageSession session, RunId run, CancellationToken ct) =>
        (await sql.QueryAsync(session, CountOutages, row => row.GetInt32(0), ct, ("@id", run)))[0];

    public Task<int> WakeAsync(
        StorageSession session, string lane, IReadOnlyList<string> jobs, string errorType, DateTimeOffset now, DateTimeOffset until,
        CancellationToken ct)
    {
        var wake = $"""
            UPDATE fleet.runs SET due_at = @now, staged = @staged
            WHERE {sql.OpenState} = 0 AND lane = @lane AND due_at > @now AND due_at < @until AND error_type = @type
                AND job IN ({string.Join(", ", jobs.Select((_, i) => Parameter(i)))})
            """;
        return sql.ExecuteAsync(
            session, wake, ct,
            [
                ("@lane", lane), ("@now", now), ("@until", until), ("@staged", false), ("@type", errorType),
                .. jobs.Select((job, i) => (Parameter(i), (object?)job)),
            ]);

        static string Parameter(int i) => string.Create(CultureInfo.InvariantCulture, $"@job{i}");
    }
}
