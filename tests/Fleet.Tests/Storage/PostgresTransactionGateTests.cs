using Fleet.Core.Storage;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

/// <summary>The gate for handlers' transactions on a real PostgreSQL: what it reads of the server, and runs that wait at it.</summary>
public sealed class PostgresTransactionGateTests(PostgresServer server)
{
    [Fact]
    public async Task Look_LimitOfTheDatabase_BoundsTheShare()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var unlimited = new PostgresStorage(database + ";Pooling=true"))
            Assert.True(await FindShareAsync(unlimited) > 20);
        await PostgresServer.ExecuteAsync(
            database, $"ALTER DATABASE {new Npgsql.NpgsqlConnectionStringBuilder(database).Database} CONNECTION LIMIT 25");

        await using var storage = new PostgresStorage(database + ";Pooling=true");

        // 25 − 3 of headroom − 10 of schedulers − 4 of the worker.
        Assert.InRange(await FindShareAsync(storage), 7, 8);
        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task Look_UserWithoutRights_SeesTheServerAllTheSame()
    {
        var database = await server.CreateDatabaseAsync();
        await using var storage = new PostgresStorage(await PostgresServer.CreateUserAsync(database) + ";Pooling=true");

        Assert.True(await FindShareAsync(storage) > 20);
    }

    [Fact]
    public async Task MaximumPoolSize_SetByTheUser_BoundsTheShare()
    {
        var database = await server.CreateDatabaseAsync();
        await using var storage = new PostgresStorage(database + ";Pooling=true;Maximum Pool Size=7");

        Assert.Equal(7 - ConnectionShare.OfWorker, await FindShareAsync(storage));
        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task Enter_RunWaitsAtTheGate_IsCanceledAndTimedOutAsAnyOther()
    {
        var database = await server.CreateDatabaseAsync();
        var begun = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var script = new Script(call => call.Context.CompleteAsync(
            async (_, _) =>
            {
                begun.TrySetResult();
                await release.Task;
            },
            call.Token));
        await using (var fleet = await EmbeddedFleet.StartAsync(
            script.AddTo,
            [
                new("Fleet:Storage:Provider", "Postgres"),
                new("Fleet:Storage:ConnectionString", database + ";Pooling=true;Maximum Pool Size=5"),
                new("Fleet:Worker:DefaultTimeout", "00:10:00"),
            ]))
        {
            // A pool of five leaves one transaction.
            var holds = await fleet.Client.EnqueueAsync(new Scripted("holds"));
            await begun.Task.WaitAsync(Waiting.Limit);
            var canceled = await fleet.Client.EnqueueAsync(new Scripted("canceled"));
            var timesOut = await fleet.Client.EnqueueAsync(new Ruled("times out"), new EnqueueOptions { MaxAttempts = 1 });
            await Waiting.UntilAsync(() => fleet.Storage.Transactions!.Waiting == 2);

            await fleet.Client.CancelAsync(canceled);

            Assert.Equal(RunState.Canceled, (await fleet.WaitAsync(canceled)).State);
            Assert.Equal(RunState.Failed, (await fleet.WaitAsync(timesOut)).State);
            Assert.Equal((1, 0), (fleet.Storage.Transactions!.Open, fleet.Storage.Transactions.Waiting));
            release.SetResult();
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(holds)).State);
        }

        await server.DropDatabaseAsync(database);
    }

    private static async Task<int> FindShareAsync(PostgresStorage storage)
    {
        storage.Transactions.FindShare();
        await Waiting.UntilAsync(() => storage.Transactions.IsSeen);
        return storage.Transactions.FindShare();
    }
}
