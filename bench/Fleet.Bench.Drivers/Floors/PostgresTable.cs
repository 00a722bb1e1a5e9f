using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>The least table that jobs can be claimed from and completed in.</summary>
internal static class PostgresTable
{
    public const int Connections = 8;

    public const string Schema = """
        CREATE TABLE IF NOT EXISTS floor_jobs (
            id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            args text NOT NULL,
            state smallint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL DEFAULT now(),
            started_at timestamptz,
            finished_at timestamptz
        );
        CREATE INDEX IF NOT EXISTS ix_floor_pending ON floor_jobs (id) WHERE state = 0;
        """;

    public static NpgsqlDataSource Open() => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(
            Talk.Setting("BENCH_POSTGRES"))
        { MaxPoolSize = 64, MaxAutoPrepare = 20, AutoPrepareMinUsages = 1 });

    public static async Task InsertAsync(NpgsqlDataSource database, int count)
    {
        var args = new string[count];
        for (var i = 0; i < count; i++)
            args[i] = Text();
        await using var command = database.CreateCommand("INSERT INTO floor_jobs (args) SELECT * FROM unnest($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = args, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await command.ExecuteNonQueryAsync();
    }

    public static async Task InsertOneAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("INSERT INTO floor_jobs (args) VALUES ($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = Text() });
        await command.ExecuteNonQueryAsync();
    }

    private static string Text() => JsonSerializer.Serialize(NoOp.Make(), JsonSerializerOptions.Web);
}
