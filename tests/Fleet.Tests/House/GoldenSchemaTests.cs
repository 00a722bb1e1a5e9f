using System.Text;
using Fleet.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.House;

/// <summary>What the migrations build is what was approved, and the model asks for nothing more.</summary>
public sealed class GoldenSchemaTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("fleet-schema-").FullName;

    private string ConnectionString => $"Data Source={Path.Combine(_directory, "fleet.db")}";

    [Fact]
    public async Task MigrateAsync_EmptyDatabase_BuildsTheApprovedSchema()
    {
        await using var storage = new SqliteStorage(ConnectionString, TimeProvider.System);
        await storage.MigrateAsync(TestContext.Current.CancellationToken);

        Approved.Check(await DumpAsync(TestContext.Current.CancellationToken), "sqlite-schema.approved.sql");
    }

    [Fact]
    public async Task Model_AgainstItsMigrations_HasNoPendingChanges()
    {
        await using var storage = new SqliteStorage(ConnectionString, TimeProvider.System);
        await using var db = storage.Read();

        Assert.False(
            db.Database.HasPendingModelChanges(),
            "The model changed without a migration: dotnet ef migrations add NAME --project src/Storage.Sqlite");
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task<string> DumpAsync(CancellationToken ct)
    {
        await using var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT sql FROM sqlite_master
            WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT IN ('fleet_migrations', '__EFMigrationsLock')
            ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 ELSE 1 END, name
            """;
        var dump = new StringBuilder();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            dump.Append(reader.GetString(0)).Append(";\n\n");
        return dump.ToString();
    }
}
