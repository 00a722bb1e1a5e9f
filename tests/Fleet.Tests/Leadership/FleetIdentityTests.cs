using Fleet.Core.Leadership;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Leadership;

public abstract class FleetIdentityTests(TestDatabase database) : StorageVerbs(database)
{
    [Fact]
    public async Task GetAsync_ManyProcessesStartAtOnce_AgreeOnOneId()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ReadAsync(new FleetIdentity(Fleet.Storage)))));

        Assert.Matches("^[0-9a-f]{32}$", Assert.Single(ids.Distinct()));
        Assert.Equal(ids[0], await ReadAsync(new FleetIdentity(Fleet.Storage)));
    }

    [Fact]
    public async Task GetAsync_SecondCall_DoesNotAskTheDatabase()
    {
        var identity = new FleetIdentity(Fleet.Storage);
        var id = await ReadAsync(identity);
        await Fleet.Storage.WriteAsync(session => session.Db.Leases.ExecuteDeleteAsync(), CancellationToken.None);

        Assert.Equal(id, await ReadAsync(identity));
        Assert.NotEqual(id, await ReadAsync(new FleetIdentity(Fleet.Storage)));
    }

    [Fact]
    public async Task GetAsync_SomebodyLeads_TheLeaseAndTheIdLeaveEachOtherAlone()
    {
        var term = await Fleet.LeadAsync();
        var id = await ReadAsync(new FleetIdentity(Fleet.Storage));

        Assert.Equal(term, await Fleet.LeadAsync());
        Assert.Equal(id, await ReadAsync(new FleetIdentity(Fleet.Storage)));
    }

    protected static Task<string> ReadAsync(FleetIdentity identity) => identity.GetAsync(CancellationToken.None).AsTask();
}

public sealed class FleetIdentitySqliteTests() : FleetIdentityTests(new SqliteDatabase());

public sealed class FleetIdentityPostgresTests(PostgresServer server) : FleetIdentityTests(new PostgresDatabase(server))
{
    /// <summary>The first nudges of a process come together.</summary>
    [Fact]
    public async Task GetAsync_ManyCallsAtOnce_ShareOneConnection()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var storage = new PostgresStorage(database + ";Pooling=true"))
        {
            await ReadAsync(new FleetIdentity(storage));
            var identity = new FleetIdentity(storage);

            var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => ReadAsync(identity))));

            Assert.Single(ids.Distinct());
            // One that reads, and one of the write that made the id.
            var open = await PostgresServer.CountAsync(
                database, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fleet' AND datname = current_database()");
            Assert.InRange(open, 1, 2);
        }

        await server.DropDatabaseAsync(database);
    }
}

[NeedsSqlServer]
public sealed class FleetIdentitySqlServerTests() : FleetIdentityTests(new SqlServerDatabase());
