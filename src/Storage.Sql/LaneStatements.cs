using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class LaneStatements(PlainSql sql) : ILaneStatements
{
    private const string ReadNames = "SELECT name FROM fleet.lanes";

    private const string Add = "INSERT INTO fleet.lanes (name, first_seen_at) VALUES (@name, @now)";

    private const string ReadPaused = """
        SELECT name FROM fleet.lanes WHERE paused_since IS NOT NULL AND (paused_until IS NULL OR paused_until > @now)
        """;

    public async Task<LaneCount> CountWaitingAsync(
        StorageSession session, string lane, DateTimeOffset now, DateTimeOffset until, int most, CancellationToken ct)
    {
        // One row more than is counted shows whether there are more.
        var rows = await sql.QueryAsync(
            session, sql.CountWaiting, Waiting, ct, ("@lane", lane), ("@now", now), ("@until", until), ("@most", most + 1));
        var (found, ready, oldest, inOrder, readyInOrder, others) = rows[0];
        var isExact = inOrder <= most && others <= most;
        // What was read in due order and is not due yet shows that nothing due was left out.
        var isReadyExact = isExact || (others <= most && readyInOrder < inOrder);
        var shown = Math.Min(ready, most);
        var soon = Math.Min(found - ready, most - shown);
        return new LaneCount((int)shown, (int)soon, oldest, (int)(inOrder + others), isReadyExact, isExact);
    }

    public async Task<RunningCount> CountRunningAsync(StorageSession session, int most, CancellationToken ct)
    {
        var rows = await sql.QueryAsync(
            session, sql.CountRunning, row => (Lane: row.IsDBNull(0) ? null : row.GetString(0), Count: row.GetInt64(1)), ct,
            ("@most", most + 1));
        var byLane = rows.Where(r => r.Lane is not null).ToDictionary(r => r.Lane!, r => (int)r.Count, StringComparer.Ordinal);
        return new RunningCount(byLane, (int)rows.Where(r => r.Lane is null).Sum(r => r.Count));
    }

    public Task<IReadOnlyList<string>> ReadPausedAsync(StorageSession session, DateTimeOffset now, CancellationToken ct) =>
        sql.QueryAsync(session, ReadPaused, row => row.GetString(0), ct, ("@now", now));

    public async Task AddAsync(StorageSession session, IEnumerable<string> lanes, DateTimeOffset now, CancellationToken ct)
    {
        var known = await sql.QueryAsync(session, ReadNames, row => row.GetString(0), ct);
        foreach (var lane in lanes.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal))
            await sql.ExecuteAsync(session, Add, ct, ("@name", lane), ("@now", now));
    }

    private (long Found, long Ready, DateTimeOffset? Oldest, long InOrder, long ReadyInOrder, long Others) Waiting(DbDataReader row) =>
        (row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : sql.ReadInstant(row, 2), row.GetInt64(3), row.GetInt64(4),
            row.GetInt64(5));
}
