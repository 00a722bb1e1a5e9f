using System.Globalization;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class ScheduleStatements(PlainSql sql) : IScheduleStatements
{
    public Task<IReadOnlyList<OccurrenceRow>> ReadOccurrencesAsync(
        StorageSession session, IReadOnlyList<string> schedules, DateTimeOffset until, int limit, CancellationToken ct) => sql.QueryAsync(
        session, Occurrences(schedules.Count, limit),
        row => new OccurrenceRow(
            row.GetString(0), sql.ReadRunId(row, 1), sql.ReadInstant(row, 2), (RunState)row.GetInt32(3),
            row.IsDBNull(4) ? null : (CancelCause)row.GetInt32(4), row.GetInt32(5) == 1,
            row.IsDBNull(6) ? null : sql.ReadInstant(row, 6), row.IsDBNull(7) ? null : sql.ReadInstant(row, 7),
            row.IsDBNull(8) ? null : sql.ReadInstant(row, 8)),
        ct, [.. Parameters(schedules), ("@until", until)]);

    public Task<IReadOnlyList<Misfire>> ReadMisfiresAsync(
        StorageSession session, IReadOnlyList<string> schedules, int limit, CancellationToken ct) => sql.QueryAsync(
        session, Misfires(schedules.Count, limit),
        row => new Misfire
        {
            Id = row.GetInt64(0),
            ScheduleId = row.GetString(1),
            First = sql.ReadInstant(row, 2),
            Last = sql.ReadInstant(row, 3),
            Count = row.GetInt32(4),
            At = sql.ReadInstant(row, 5),
        },
        ct, [.. Parameters(schedules)]);

    /// <summary>Two walks for each schedule: the occurrences have a unique index, the revoked ones an index of their own.</summary>
    internal string Occurrences(int schedules, int limit) => UnionOf(
        from i in Enumerable.Range(0, schedules)
        from walk in new[]
        {
            (Condition: $"r.fire_time IS NOT NULL AND {sql.IsFalse("r.revoked")}", Revoked: 0),
            (Condition: sql.IsTrue("r.revoked"), Revoked: 1),
        }
        select $"""
            SELECT r.schedule_id, r.id, r.fire_time, r.state, r.cancel_cause, {walk.Revoked} AS is_revoked,
                COALESCE((SELECT MIN(a.started_at) FROM fleet.attempts a WHERE a.run_id = r.id), r.started_at) AS first_started_at,
                r.started_at, r.finished_at
            FROM fleet.runs r WHERE r.schedule_id = {Name(i)} AND {walk.Condition} AND r.fire_time <= @until
            ORDER BY r.fire_time DESC {sql.First(limit)}
            """);

    internal string Misfires(int schedules, int limit) => UnionOf(
        from i in Enumerable.Range(0, schedules)
        select $"""
            SELECT m.id, m.schedule_id, m.first, m.last, m.count, m.at FROM fleet.misfires m WHERE m.schedule_id = {Name(i)}
            ORDER BY m.last DESC {sql.First(limit)}
            """);

    private static string UnionOf(IEnumerable<string> selects) => string.Join(
        "\nUNION ALL\n", selects.Select((select, i) => string.Create(CultureInfo.InvariantCulture, $"SELECT * FROM ({select}) AS s{i}")));

    private static IEnumerable<(string, object?)> Parameters(IReadOnlyList<string> schedules) =>
        schedules.Select((id, i) => (Name(i), (object?)id));

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"@s{i}");
}
