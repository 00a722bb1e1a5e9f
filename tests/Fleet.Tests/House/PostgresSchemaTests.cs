using System.Text;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Fleet.Tests.House;

/// <summary>What the migrations build on PostgreSQL is what was approved, and the model asks for nothing more.</summary>
public sealed class PostgresSchemaTests(PostgresServer server)
{
    // As the server itself describes them, in an order of our own.
    private const string Describe = """
        SELECT c.relname, format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END), a.attnum
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'fleet'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relname <> 'migrations'
        UNION ALL
        SELECT tablename, indexdef, 1000 FROM pg_indexes WHERE schemaname = 'fleet' AND tablename <> 'migrations'
        ORDER BY 1, 3, 2
        """;

    [Fact]
    public async Task MigrateAsync_EmptyDatabase_BuildsTheApprovedSchema()
    {
        var database = await server.CreateEmptyDatabaseAsync();
        await using (var storage = new PostgresStorage(database))
            await storage.MigrateAsync(TestContext.Current.CancellationToken);

        Approved.Check(await DumpAsync(database), "postgres-schema.approved.sql");
        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task Model_AgainstItsMigrations_HasNoPendingChanges()
    {
        await using var storage = new PostgresStorage("Host=nowhere");
        await using var db = storage.Read();

        Assert.False(
            db.Database.HasPendingModelChanges(),
            "The model changed without a migration: dotnet ef migrations add NAME --project src/Storage.Postgres");
    }

    /// <summary>Written down beside them, so that a start need not load EF Core to know them.</summary>
    [Fact]
    public async Task Migrations_OfTheStorage_AreThoseOfItsModel()
    {
        await using var storage = new PostgresStorage("Host=nowhere");
        await using var db = storage.Read();

        Assert.Equal(db.Database.GetMigrations(), PostgresStorage.Migrations);
    }

    private static async Task<string> DumpAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Describe, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var dump = new StringBuilder();
        var table = "";
        while (await reader.ReadAsync())
        {
            if (table != (table = reader.GetString(0)))
                dump.Append(dump.Length > 0 ? "\n" : "").Append("-- ").Append(table).Append('\n');
            dump.Append(reader.GetString(1)).Append('\n');
        }

        return dump.ToString();
    }
}
