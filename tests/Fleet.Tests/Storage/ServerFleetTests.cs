using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>The whole of Fleet in one process on a database server.</summary>
public abstract class ServerFleetTests(TestDatabase database, string provider) : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await database.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Runs_OnServer_SucceedRetryAndKeepTheirLedger()
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [
            new("Fleet:Storage:Provider", provider), new("Fleet:Storage:ConnectionString", database.ConnectionString),
            new("Fleet:Worker:Retry:FirstDelay", "00:00:00.1")]);
        var flaky = await fleet.Client.EnqueueAsync(new Flaky(2));
        var delayed = await fleet.Client.EnqueueAsync(new Flaky(0), new EnqueueOptions { Delay = TimeSpan.FromSeconds(1) });
        var ledger = await fleet.Client.EnqueueManyAsync(Enumerable.Range(0, 500).Select(i => new Ledger($"{i}")).ToArray());

        Assert.Equal((RunState.Succeeded, 3), ((await fleet.WaitAsync(flaky)).State, (await fleet.WaitAsync(flaky)).Attempt));
        Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(delayed)).State);
        foreach (var id in ledger)
            Assert.Equal(RunState.Succeeded, (await fleet.WaitAsync(id)).State);
        await using var db = fleet.Storage.Read();
        var rows = await db.Database.SqlQuery<string>($"SELECT run_id AS \"Value\" FROM fleet.diag_ledger").ToListAsync();
        Assert.Equal((500, 500), (rows.Count, rows.Distinct().Count()));
    }
}

public sealed class PostgresFleetTests(PostgresServer server) : ServerFleetTests(new PostgresDatabase(server), "Postgres");

[NeedsSqlServer]
public sealed class SqlServerFleetTests() : ServerFleetTests(new SqlServerDatabase(), "SqlServer");
