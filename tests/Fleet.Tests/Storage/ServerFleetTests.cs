using Fleet.Tests.Support;
using Fleet.Worker.Diagnostics;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>The whole of Fleet in one process on PostgreSQL.</summary>
public sealed class PostgresFleetTests(PostgresServer server)
{
    [Fact]
    public async Task Runs_OnPostgres_SucceedRetryAndKeepTheirLedger()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var fleet = await EmbeddedFleet.StartAsync(settings: [new("Fleet:Storage:Provider", "Postgres"), new("Fleet:Storage:ConnectionString", database + ";Pooling=true"), new("Fleet:Worker:Retry:FirstDelay", "00:00:00.1")]))
        {
            var flaky = await fleet.Client.EnqueueAsync(new Flaky(2));
            var delayed = await fleet.Client.EnqueueAsync(new Flaky(0), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });
            var ledger = await fleet.Client.EnqueueManyAsync(Enumerable.Range(0, 500).Select(i => new Ledger($"{i}")).ToArray());

            Assert.Equal((RunState.Succeeded, 3), ((await fleet.WaitAsync(flaky)).State, (await fleet.WaitAsync(flaky)).Attempt));
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(delayed)).State);
            foreach (var id in ledger)
                Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
            Assert.Equal((500L, 500L), await CountLedgerAsync(database));
        }

        await server.DropDatabaseAsync(database);
    }

    private static async Task<(long Rows, long Runs)> CountLedgerAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*), count(DISTINCT run_id) FROM diag_ledger", connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
