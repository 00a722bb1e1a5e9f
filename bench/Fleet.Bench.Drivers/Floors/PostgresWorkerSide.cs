using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Fleet.Bench.Drivers.Floors;

/// <summary>Eight connections, each: claim 500, hand them out, complete them.</summary>
internal sealed class PostgresWorkerSide(Gauge gauge) : IWorkerSide
{
    private const string Claim = """
        UPDATE floor_jobs SET state = 1, started_at = now()
        WHERE id IN (SELECT id FROM floor_jobs WHERE state = 0 ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)
        RETURNING id, args
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private NpgsqlDataSource? _database;
    private volatile bool _stopping;

    // Claimed and not completed.
    private int _open;
    private Task _loops = Task.CompletedTask;

    public async Task StartAsync()
    {
        _database = PostgresTable.Open();
        _stopping = false;
        await using (var schema = _database.CreateCommand(PostgresTable.Schema))
            await schema.ExecuteNonQueryAsync();
        _loops = Task.WhenAll(Enumerable.Range(0, PostgresTable.Connections).Select(_ => Task.Run(RunAsync)));
    }

    public async Task StopAsync()
    {
        if (_database is null)
            return;
        _stopping = true;
        await _loops;
        await _database.DisposeAsync();
        _database = null;
    }

    public Task CompletedAsync() => Worker.UntilAsync(() => Task.FromResult(Volatile.Read(ref _open) == 0));

    private async Task RunAsync()
    {
        await using var connection = await _database!.OpenConnectionAsync();
        await using var claim = new NpgsqlCommand(Claim, connection);
        await using var complete = new NpgsqlCommand("UPDATE floor_jobs SET state = 2, finished_at = now() WHERE id = ANY($1)", connection);
        var ids = new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
        complete.Parameters.Add(ids);
        var claimed = new List<long>(500);
        while (!_stopping)
        {
            claimed.Clear();
            await using (var rows = await claim.ExecuteReaderAsync())
            {
                while (await rows.ReadAsync())
                {
                    Interlocked.Increment(ref _open);
                    claimed.Add(rows.GetInt64(0));
                    gauge.Handle(JsonSerializer.Deserialize<NoOp>(rows.GetString(1), JsonSerializerOptions.Web)!.Sent);
                }
            }

            if (claimed.Count == 0)
            {
                await Task.Delay(Pause, TimeProvider.System);
                continue;
            }

            claimed.Sort();
            ids.Value = claimed.ToArray();
            await complete.ExecuteNonQueryAsync();
            Interlocked.Add(ref _open, -claimed.Count);
        }
    }
}
