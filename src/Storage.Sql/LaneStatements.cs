using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Storage.Sql;

internal sealed class LaneStatements(PlainSql sql) : ILaneStatements
{
    /// <summary>Maximum number of lanes in a statement.</summary>
    private const int MaxTogether = 100;

    private const string ReadNames = "SELECT name FROM fleet.lanes";

    private const string Add = "INSERT INTO fleet.lanes (name, first_seen_at) VALUES (@name, @now)";

    private const string ReadPaused = """
        SELECT name FROM fleet.lanes WHERE paused_since IS NOT NULL AND (paused_until IS NULL OR paused_until > @now)
        """;

    public async Task<IReadOnlyList<LaneCount>> CountWaitingAsync(
        StorageSession session, IReadOnlyList<string> lanes, DateTimeOffset now, DateTimeOffset until, int most, CancellationToken ct)
    {
        var counts = new List<LaneCount>(lanes.Count);
        foreach (var some in lanes.Chunk(MaxTogether))
        {
            // One row more than is counted shows whether there are more.
            var rows = await sql.QueryAsync(
                session, sql.CountWaiting(some.Length), row => (Lane: (int)row.GetInt64(0), Count: Waiting(row, most)), ct,
                [.. sql.LaneParameters(some), ("@now", now), ("@until", until), ("@most", most + 1)]);
            var byLane = new Dictionary<int, LaneCount>();
            foreach (var (lane, count) in rows)
                byLane[lane] = count;
            counts.AddRange(some.Select((_, lane) => byLane.GetValueOrDefault(lane)));
        }

        return counts;
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

    private LaneCount Waiting(DbDataReader row, int most)
    {
        var (found, ready, oldest) = (row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : (DateTimeOffset?)sql.ReadInstant(row, 3));
        var (inOrder, readyInOrder, others) = (row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
        var isExact = inOrder <= most && others <= most && found <= most;
        // What was read in due order and is not due yet shows that nothing due was left out.
        var isReadyExact = isExact || (others <= most && readyInOrder < inOrder && ready <= most);
        var shown = Math.Min(ready, most);
        var soon = Math.Min(found - ready, most - shown);
        return new LaneCount((int)shown, (int)soon, oldest, (int)(inOrder + others), isReadyExact, isExact);
    }
}
