using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Microsoft.Data.SqlClient;

namespace Fleet.Storage.SqlServer;

internal class SqlServerPlainSql(FleetSchema schema) : PlainSql(schema)
{
    public override string First(int rows) => $"OFFSET 0 ROWS FETCH NEXT {rows} ROWS ONLY";

    protected override string CountWaitingInALane => base.CountWaitingInALane
        .Replace("SELECT due_at", "SELECT TOP (@most) due_at", StringComparison.Ordinal)
        .Replace(" LIMIT @most", "", StringComparison.Ordinal);

    public override string CountRunning => base.CountRunning
        .Replace("(SELECT lane", "(SELECT TOP (@most) lane", StringComparison.Ordinal)
        .Replace(" LIMIT @most", "", StringComparison.Ordinal);

    public override string LockRuns(string ids) => $"SELECT id FROM fleet.runs WITH (UPDLOCK, ROWLOCK) WHERE id IN ({ids}) ORDER BY id";

    public override string CreateTable(string name, string columns) =>
        $"IF OBJECT_ID(N'{name}', N'U') IS NULL CREATE TABLE {name} ({columns})";

    public override RunId ReadRunId(DbDataReader reader, int column) => reader.GetRunId(column);

    protected override DbParameter Parameter(string name, object? value) => value switch
    {
        null => new SqlParameter(name, DBNull.Value),
        RunId id => Statement.Id(name, id.ToBytes()),
        WorkerId id => Statement.Id(name, id.ToBytes()),
        DateTimeOffset instant => Statement.Instant(name, instant),
        _ => new SqlParameter(name, value),
    };
}
