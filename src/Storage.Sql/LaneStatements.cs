using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

internal sealed class LaneStatements(PlainSql sql) : ILaneStatements
{
    private const string ReadNames = "SELECT name FROM fleet.lanes";

    private const string Add = "INSERT INTO fleet.lanes (name, first_seen_at) VALUES (@name, @now)";

    public async Task AddAsync(StorageSession session, IEnumerable<string> lanes, DateTimeOffset now, CancellationToken ct)
    {
        var known = await sql.QueryAsync(session, ReadNames, row => row.GetString(0), ct);
        foreach (var lane in lanes.Except(known, StringComparer.Ordinal).Order(StringComparer.Ordinal))
            await sql.ExecuteAsync(session, Add, ct, ("@name", lane), ("@now", now));
    }
}
