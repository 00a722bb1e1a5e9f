using System.Collections.Concurrent;
using Fleet.Bench.Drivers.Effects;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>The least that an effect together with a completion costs: BEGIN, INSERT of the row, UPDATE of the job by its key, COMMIT.
/// Nothing is claimed: the jobs are handed out in memory.</summary>
internal static class EffectFloor
{
    public const int Connections = 16;

    /// <summary>Room in every page, so that an update stays in it and touches no index, as Fleet's do.</summary>
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS effect_floor_jobs (
            id uuid PRIMARY KEY,
            args text NOT NULL,
            state smallint NOT NULL DEFAULT 0,
            finished_at timestamptz
        ) WITH (fillfactor = 45)
        """;

    public static NpgsqlDataSource Open() => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(
            Talk.Setting("BENCH_POSTGRES"))
        { MaxPoolSize = Connections, MaxAutoPrepare = 20, AutoPrepareMinUsages = 1 });
}

internal sealed class EffectFloorClientSide : IClientSide
{
    private NpgsqlDataSource? _database;

    public IEnumerable<Type> Packages => [typeof(NpgsqlConnection)];

    public async Task PrepareAsync()
    {
        _database = EffectFloor.Open();
        await using var schema = _database.CreateCommand(EffectFloor.Schema);
        await schema.ExecuteNonQueryAsync();
    }

    public Task EnqueueAsync(NoOp args) => throw new NotSupportedException();

    public Task EnqueueManyAsync(int count, int batch) => throw new NotSupportedException();

    public async Task EnqueueWayAsync(string way, int count, int batch)
    {
        for (var i = 0; i < count; i += batch)
        {
            Guid[] ids = [
                .. Enumerable.Range(0, Math.Min(batch, count - i)).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()))];
            await using var command = _database!.CreateCommand(
                "INSERT INTO effect_floor_jobs (id, args) SELECT id, $2 FROM unnest($1) AS id");
            command.Parameters.Add(new NpgsqlParameter { Value = ids, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            command.Parameters.Add(new NpgsqlParameter { Value = NoOp.Filler });
            await command.ExecuteNonQueryAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
    }
}

internal sealed class EffectFloorWorkerSide(Gauge gauge) : IWorkerSide
{
    private NpgsqlDataSource? _database;
    private Task _loops = Task.CompletedTask;

    public async Task StartAsync()
    {
        _database = EffectFloor.Open();
        await using (var schema = _database.CreateCommand(EffectFloor.Schema))
            await schema.ExecuteNonQueryAsync();
        var jobs = new ConcurrentQueue<Guid>();
        await using (var command = _database.CreateCommand("SELECT id FROM effect_floor_jobs WHERE state = 0 ORDER BY id"))
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                jobs.Enqueue(rows.GetGuid(0));
        }

        _loops = Task.WhenAll(Enumerable.Range(0, EffectFloor.Connections).Select(_ => Task.Run(() => RunAsync(jobs))));
    }

    public async Task StopAsync()
    {
        if (_database is null)
            return;
        await _loops;
        await _database.DisposeAsync();
        _database = null;
    }

    public Task CompletedAsync() => _loops;

    private async Task RunAsync(ConcurrentQueue<Guid> jobs)
    {
        await using var connection = await _database!.OpenConnectionAsync();
        await using var effect = new NpgsqlCommand(EffectRow.Insert, connection);
        var job = effect.Parameters.Add("job", NpgsqlDbType.Varchar);
        effect.Parameters.AddWithValue("key", NpgsqlDbType.Varchar, EffectRow.Key);
        await effect.PrepareAsync();
        await using var complete = new NpgsqlCommand(
            "UPDATE effect_floor_jobs SET state = 2, finished_at = now() WHERE id = $1", connection);
        var id = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Uuid };
        complete.Parameters.Add(id);
        await complete.PrepareAsync();
        while (jobs.TryDequeue(out var next))
        {
            gauge.Handle(Talk.Now());
            (job.Value, id.Value) = (next.ToString(), next);
            // BEGIN travels with the first statement.
            await using var transaction = await connection.BeginTransactionAsync();
            await effect.ExecuteNonQueryAsync();
            await complete.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        }
    }
}
