using Npgsql;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>What the database takes: batches of unnest on eight connections; or, one by one, a row and a commit each.</summary>
internal sealed class PostgresClientSide : IClientSide
{
    private NpgsqlDataSource? _database;

    public IEnumerable<Type> Packages => [typeof(NpgsqlConnection)];

    public async Task PrepareAsync()
    {
        _database = PostgresTable.Open();
        await using var schema = _database.CreateCommand(PostgresTable.Schema);
        await schema.ExecuteNonQueryAsync();
    }

    public Task EnqueueAsync(NoOp args) => PostgresTable.InsertOneAsync(_database!);

    public Task EnqueueManyAsync(int count, int batch) => Client.ManyCallersAsync(
        (count + batch - 1) / batch, PostgresTable.Connections, i =>
            PostgresTable.InsertAsync(_database!, Math.Min(batch, count - (i * batch))));

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
    }
}
