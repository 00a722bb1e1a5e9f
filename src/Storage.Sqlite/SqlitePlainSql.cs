using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Sql;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage.Sqlite;

internal sealed class SqlitePlainSql() : PlainSql(FleetSchema.Prefix)
{
    public override string IsTrue(string column) => column;

    public override string? LockRuns(string ids) => null;

    public override RunId ReadRunId(DbDataReader reader, int column) => reader.GetRunId(column);

    public override DateTimeOffset ReadInstant(DbDataReader reader, int column) => Values.FromMicroseconds(reader.GetInt64(column));

    protected override DbParameter Parameter(string name, object? value) => new SqliteParameter(name, value switch
    {
        null => DBNull.Value,
        RunId id => id.ToBytes(),
        WorkerId id => id.ToBytes(),
        DateTimeOffset instant => Values.ToMicroseconds(instant),
        _ => value,
    });
}
