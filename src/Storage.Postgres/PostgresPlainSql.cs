using System.Data.Common;
using Fleet.Core.Storage;
using Fleet.Core.Workers;
using Npgsql;

namespace Fleet.Storage.Postgres;

internal sealed class PostgresPlainSql : PlainSql
{
    public override RunId ReadRunId(DbDataReader reader, int column) => new(reader.GetGuid(column));

    protected override DbTransaction? Join(DbTransaction transaction) => transaction as NpgsqlTransaction;

    protected override DbParameter Parameter(string name, object? value) => new NpgsqlParameter(name, value switch
    {
        null => DBNull.Value,
        RunId id => id.Value,
        WorkerId id => id.Value,
        DateTimeOffset instant => Statement.Utc(instant),
        _ => value,
    });
}
