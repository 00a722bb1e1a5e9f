using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace Fleet.Tests.Upgrade;

public sealed class FrozenPostgres(PostgresServer server) : FrozenDatabase(FileName)
{
    public const string FileName = "initial.postgres.sql";

    private string? _connectionString;

    public override string ConnectionString => _connectionString + ";Pooling=true";

    public override IStorage Open(TimeProvider time) => new PostgresStorage(ConnectionString, time);

    public override async Task<IReadOnlyList<string>> ReadRowsAsync(
        IReadOnlyDictionary<string, string> tables, string? connectionString = null)
    {
        await using var connection = new NpgsqlConnection($"{connectionString ?? ConnectionString};Timezone=UTC");
        await connection.OpenAsync();
        var rows = new List<string>();
        foreach (var (table, columns) in tables)
        {
            var values = string.Join(", ", columns.Split(", ").Select(c => $"quote_nullable({c})"));
            await using var command = new NpgsqlCommand(
                $"SELECT 'INSERT INTO {table} ({columns}) VALUES (' || concat_ws(', ', {values}) || ');' FROM {table} ORDER BY 1",
                connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public override Task ExecuteAsync(string sql) => PostgresServer.ExecuteAsync(ConnectionString, sql);

    public override async ValueTask DisposeAsync()
    {
        if (_connectionString is not null)
            await server.DropDatabaseAsync(_connectionString);
    }

    protected override async Task CreateEmptyAsync() => _connectionString = await server.CreateEmptyDatabaseAsync();

    protected override FleetDbContext OpenForLaterMigration() => new PostgresDbContext(
        new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(ConnectionString).UseMigrationsOf(FleetSchema.Default)
            .ReplaceService<IMigrationsAssembly, WithLaterMigration>().Options);

    /// <summary>An INSERT that brings its own number does not move the sequence on.</summary>
    protected override IEnumerable<string> AfterRows(IEnumerable<string> numbered) =>
        numbered.Select(table => $"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table};");
}
