using Fleet.Core.Runs;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>A run is nudged before its commit where that is quick (docs/adr/0015), so it may come while a claim looks for it.</summary>
public sealed class PostgresLateCommitTests : StorageVerbs
{
    private readonly PostgresDatabase _database;

    public PostgresLateCommitTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresLateCommitTests(PostgresDatabase database) : base(database) => _database = database;

    [Fact]
    public async Task Claim_CommittedAfterItsFirstStatement_GetsTheRun()
    {
        var worker = await Fleet.RegisterAsync();
        var (suspect, late) = (await Fleet.EnqueueAsync(), Fleet.NewRun());
        // A run on its last chance is looked for after the others, and waits for who holds its row.
        await PostgresServer.ExecuteAsync(_database.ConnectionString, "UPDATE runs SET crashes = 2");
        await using var holder = new NpgsqlConnection(_database.ConnectionString);
        await holder.OpenAsync();
        var holding = await holder.BeginTransactionAsync();
        await new NpgsqlCommand("SELECT 1 FROM runs FOR UPDATE", holder, holding).ExecuteScalarAsync();

        var claiming = Fleet.Storage.AutocommitAsync(
            scope => Fleet.Storage.Statements.ClaimAsync(scope.Transaction, worker, [suspect, late.Id], Fleet.Now, inTurn: false, CancellationToken.None),
            CancellationToken.None);
        await Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
            _database.ConnectionString, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1);
        await Fleet.InsertAsync(late);
        await holding.RollbackAsync();

        Assert.Equal([(ClaimStatus.Claimed, suspect), (ClaimStatus.Claimed, late.Id)], (await claiming).Select(o => (o.Status, o.Run?.Id ?? default)));
        Assert.Equal((RunState.Running, 1), ((await Fleet.ReadAsync(late.Id)).State, (await Fleet.ReadAsync(late.Id)).Attempt));
    }
}
