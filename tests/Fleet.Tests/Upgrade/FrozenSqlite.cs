using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Fleet.Tests.Upgrade;

public sealed class FrozenSqlite() : FrozenDatabase(FileName)
{
    public const string FileName = "initial.sqlite.sql";

    private readonly TempFolder _folder = new();

    public override string ConnectionString => $"Data Source={_folder.Path}/fleet.db;Pooling=False";

    public override IStorage Open(TimeProvider time) => new SqliteStorage(ConnectionString, time);

    public override async Task<IReadOnlyList<string>> ReadRowsAsync(
        IReadOnlyDictionary<string, string> tables, string? connectionString = null)
    {
        await using var connection = new SqliteConnection(connectionString ?? ConnectionString);
        await connection.OpenAsync();
        var rows = new List<string>();
        foreach (var (table, columns) in tables)
        {
            var values = string.Join(" || ', ' || ", columns.Split(", ").Select(c => $"quote({c})"));
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT 'INSERT INTO {table} ({columns}) VALUES (' || {values} || ');' FROM {table} ORDER BY 1";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public override async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override Task CreateEmptyAsync() => ExecuteAsync("PRAGMA journal_mode = WAL");

    protected override FleetDbContext OpenForLaterMigration() => new SqliteDbContext(
        new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(ConnectionString).UseSchema(FleetSchema.Prefix)
            .ReplaceService<IMigrationsAssembly, WithLaterMigration>().Options);
}
