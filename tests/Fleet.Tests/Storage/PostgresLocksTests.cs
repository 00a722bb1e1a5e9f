using Fleet.Core.Runs;
using Fleet.Core.Schedules;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

/// <summary>Who waits for whose locks.</summary>
public sealed class PostgresLocksTests : StorageVerbs
{
    private static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    private readonly PostgresDatabase _database;

    public PostgresLocksTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresLocksTests(PostgresDatabase database) : base(database) => _database = database;

    /// <summary>A run is nudged before its commit where that is quick (docs/adr/0015), so it may come while a claim looks for it.</summary>
    [Fact]
    public async Task Claim_CommittedAfterItsFirstStatement_GetsTheRun()
    {
        var worker = await Fleet.RegisterAsync();
        var (suspect, late) = (await Fleet.EnqueueAsync(), Fleet.NewRun());
        // A run on its last chance is looked for after the others, and waits for who holds its row.
        await PostgresServer.ExecuteAsync(_database.ConnectionString, "UPDATE runs SET crashes = 2");
        var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM runs FOR UPDATE");

        var claiming = Fleet.Storage.AutocommitAsync(
            scope => Fleet.Storage.Statements.ClaimAsync(scope.Transaction, worker, [suspect, late.Id], Fleet.Now, inTurn: false, CancellationToken.None),
            CancellationToken.None);
        await Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
            _database.ConnectionString, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1);
        await Fleet.InsertAsync(late);
        await hold.DisposeAsync();

        Assert.Equal([(ClaimStatus.Claimed, suspect), (ClaimStatus.Claimed, late.Id)], (await claiming).Select(o => (o.Status, o.Run?.Id ?? default)));
        Assert.Equal((RunState.Running, 1), ((await Fleet.ReadAsync(late.Id)).State, (await Fleet.ReadAsync(late.Id)).Attempt));
    }

    /// <summary>To lock it is a write: an idle fleet would write to disk with every poll.</summary>
    [Fact]
    public async Task Leader_NothingIsDue_DoesNotLockItsLease()
    {
        var term = await Fleet.LeadAsync();
        await using var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM leases FOR UPDATE");

        Assert.Equal((0, false), await Fleet.Get<PlanOccurrences>().ExecuteAsync(term, LookAhead, CancellationToken.None).WaitAsync(Waiting.Limit));
        Assert.Equal((0, false), await Fleet.Get<StageRuns>().ExecuteAsync(term, LookAhead, CancellationToken.None).WaitAsync(Waiting.Limit));
    }
}
