using Fleet.Core.Workers;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>The connection of the heartbeat where the network swallows what it sends.</summary>
public sealed class PostgresOwnConnectionTests(PostgresServer server)
{
    [Fact]
    public async Task Write_ConnectionHangs_FailsByItsLimitAndTheNextCallHasAFreshOne()
    {
        var database = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync());
        await using var proxy = new TcpProxy(database.Port);
        await using var direct = new Verbs(new PostgresStorage(database.ConnectionString), new FakeTimeProvider(Verbs.Noon));
        var worker = await direct.RegisterAsync();
        (database.Host, database.Port) = ("127.0.0.1", proxy.Port);
        await using var storage = new PostgresStorage(database.ConnectionString);
        var heartbeat = new Heartbeat(storage);
        using var own = storage.OpenOwn(TimeSpan.FromSeconds(1));
        Assert.True(Beat().IsAlive);
        Assert.True(Beat().IsAlive);
        Assert.Equal(1, proxy.Connections);

        proxy.Hang();

        // The driver's own limit is 30 s, three times the lease.
        var hung = Task.Run(() => Assert.ThrowsAny<NpgsqlException>(() => Beat()));
        await hung.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        Assert.True(Beat().IsAlive);
        Assert.True(proxy.Connections > 1);

        Pulse Beat() =>
            heartbeat.Execute(own, worker, TimeSpan.FromSeconds(10), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true);
    }
}
