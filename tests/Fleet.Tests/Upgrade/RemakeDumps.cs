using Fleet.Storage.SqlServer;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Upgrade;

/// <summary>Writes the files of <see cref="FrozenDatabase"/> anew. Only <c>./build.sh dump</c> runs it.</summary>
public sealed class RemakeDumps(PostgresServer server)
{
    /// <summary>The first schema of SQL Server, without rows: they need a server.</summary>
    public const string SqlServerFile = "initial.sqlserver.sql";

    [Fact(Explicit = true)]
    public Task Sqlite_Database_IsWritten() => FreezeAsync(new SqliteDatabase(), new FrozenSqlite());

    [Fact(Explicit = true)]
    public Task Postgres_Database_IsWritten() => FreezeAsync(new PostgresDatabase(server), new FrozenPostgres(server));

    [Fact(Explicit = true)]
    public async Task SqlServer_Schema_IsWritten()
    {
        await using var db = new SqlServerStorage("Server=nowhere").Read();

        await File.WriteAllTextAsync(
            FrozenDatabase.PathOf(SqlServerFile), FrozenDatabase.ScriptOfInitial(db), TestContext.Current.CancellationToken);
    }

    private static async Task FreezeAsync(TestDatabase database, FrozenDatabase frozen)
    {
        await using (database)
        {
            await database.CreateAsync();
            var time = new FakeTimeProvider(Verbs.Noon);
            await using (var fleet = new Verbs(database.Open(time), time))
            {
                await FillDatabase.ExecuteAsync(fleet);
                await frozen.FreezeAsync(fleet.Storage, database.ConnectionString);
            }
        }
    }
}
