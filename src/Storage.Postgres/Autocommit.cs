using System.Data;
using System.Data.Common;
using Npgsql;

namespace Fleet.Storage.Postgres;

/// <summary>Stands where a transaction is asked for while there is none: the server commits what each round trip executes.</summary>
internal sealed class Autocommit(NpgsqlConnection connection) : DbTransaction
{
    public override IsolationLevel IsolationLevel => IsolationLevel.ReadCommitted;

    protected override DbConnection DbConnection => connection;

    public override void Commit() => throw NotOne();

    public override void Rollback() => throw NotOne();

    private static InvalidOperationException NotOne() => new("Each statement is committed already.");
}
