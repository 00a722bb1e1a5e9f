using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>What PostgreSQL keeps beside the indexes of runs (docs/adr/0014): pending sets and claim sets.</summary>
public sealed class PostgresSimpleRunsTests : StorageVerbs
{
    private readonly PostgresDatabase _database;

    public PostgresSimpleRunsTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresSimpleRunsTests(PostgresDatabase database) : base(database) => _database = database;

    /// <summary>So few that all their versions fit into one page, whatever of them may be cleaned away.</summary>
    [Fact]
    public async Task SimpleRuns_ClaimedAndCompleted_UpdateNoIndex()
    {
        const int runs = 10;
        var worker = await Fleet.RegisterAsync();
        var ids = (await Fleet.Get<EnqueueRuns>().ExecuteManyAsync([.. Enumerable.Repeat(Verbs.Request(), runs)], CancellationToken.None))
            .Select(o => o.Id).ToList();

        var updated = await Fleet.Storage.WriteAsync(
            async session =>
            {
                var claimed = await Fleet.Storage.Statements.ClaimAsync(
                    session, worker, ids, Fleet.Now, passedGates: false, CancellationToken.None);
                await Fleet.Storage.Statements.CompleteAsync(
                    session, [.. claimed.Select(o => Fleet.Completion(o.Run!))], CancellationToken.None);
                await using var command = new NpgsqlCommand(
                    "SELECT pg_stat_get_xact_tuples_updated('fleet.runs'::regclass), "
                        + "pg_stat_get_xact_tuples_hot_updated('fleet.runs'::regclass)",
                    (NpgsqlConnection)session.Transaction.Connection!);
                await using var reader = await command.ExecuteReaderAsync();
                await reader.ReadAsync();
                return (All: reader.GetInt64(0), WithoutIndexes: reader.GetInt64(1));
            },
            CancellationToken.None);

        Assert.Equal((2 * runs, 2 * runs), updated);
        Assert.Equal(runs, (await Fleet.ListAsync(db => db.Succeeded(DateTimeOffset.MinValue, Fleet.Now.AddSeconds(1)))).Count);
    }

    [Fact]
    public async Task Batch_LookedAt_GoesAndLeavesWhatWaitsToTheIndex()
    {
        var worker = await Fleet.RegisterAsync();
        var (waits, runs, ended) = (await Fleet.EnqueueAsync(), await Fleet.StartAsync(worker), await Fleet.StartAsync(worker));
        await Fleet.CompleteAsync(ended);
        Assert.Equal(3, await CountAsync("FROM fleet.pending_sets"));
        Assert.Equal(0, await CountAsync("FROM fleet.runs WHERE indexed_state = 0"));

        Assert.Empty(await Fleet.Storage.ReadWaitingAsync("other", Fleet.Now.AddSeconds(1), 10, CancellationToken.None));
        Assert.Empty(await Fleet.Storage.ReadWaitingAsync("default", Fleet.Now, 10, CancellationToken.None));
        Assert.Equal(3, await CountAsync("FROM fleet.pending_sets"));
        var waiting = await Fleet.Storage.ReadWaitingAsync("default", Fleet.Now.AddSeconds(1), 10, CancellationToken.None);
        Assert.Equal([waits], waiting.Select(r => r.Id));

        Assert.Equal(0, await CountAsync("FROM fleet.pending_sets"));
        Assert.Equal(1, await CountAsync("FROM fleet.runs WHERE indexed_state = 0"));
        await Fleet.CompleteAsync(runs);
        await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, waits));
        Assert.Equal(3, await CountAsync("FROM fleet.runs WHERE indexed_state IS NULL"));
    }

    [Fact]
    public async Task Batches_MoreThanAsked_AreLeftForTheNextLook()
    {
        for (var i = 0; i < 3; i++)
            await Fleet.Get<EnqueueRuns>().ExecuteManyAsync([.. Enumerable.Repeat(Verbs.Request(), 600)], CancellationToken.None);
        Assert.Equal(6, await CountAsync("FROM fleet.pending_sets"));
        // One look takes 32 batches.
        for (var i = 0; i < 40; i++)
            await Fleet.EnqueueAsync();

        Assert.Equal(10, (await Fleet.Storage.ReadWaitingAsync("default", Fleet.Now.AddSeconds(1), 10, CancellationToken.None)).Count);

        Assert.Equal(14, await CountAsync("FROM fleet.pending_sets"));
        Assert.Equal(
            1840, (await Fleet.Storage.ReadWaitingAsync("default", Fleet.Now.AddSeconds(1), 10_000, CancellationToken.None)).Count);
    }

    [Fact]
    public async Task Claim_AllItsRunsCompleted_GoesWithTheNextClaim()
    {
        var worker = await Fleet.RegisterAsync();
        var (first, second) = (await Fleet.StartAsync(worker), await Fleet.StartAsync(worker));
        await Fleet.CompleteAsync(first);
        Assert.Equal(2, await CountAsync("FROM fleet.claim_sets"));

        var third = await Fleet.StartAsync(worker);

        Assert.Equal(0, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {first.LeaseToken}"));
        Assert.Equal(2, await CountAsync($"FROM fleet.claim_sets WHERE lease_token IN ({second.LeaseToken}, {third.LeaseToken})"));
    }

    /// <summary>A nudge that came twice.</summary>
    [Fact]
    public async Task Claim_OfNothing_GoesWithTheNextClaim()
    {
        var worker = await Fleet.RegisterAsync();
        var run = await Fleet.StartAsync(worker);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, run.Id)).Status);

        var next = await Fleet.StartAsync(worker);

        Assert.Equal(2, await CountAsync("FROM fleet.claim_sets"));
        Assert.Equal(2, await CountAsync($"FROM fleet.claim_sets WHERE lease_token IN ({run.LeaseToken}, {next.LeaseToken})"));
    }

    /// <summary>A run that is pending, and yet cannot be claimed.</summary>
    [Fact]
    public async Task Claim_OfARunThatIsNotDue_GoesWithTheNextClaim()
    {
        var worker = await Fleet.RegisterAsync();
        var later = await Fleet.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromHours(1) });
        Assert.Equal(ClaimStatus.NotDue, (await Fleet.TryClaimAsync(worker, later)).Status);

        var next = await Fleet.StartAsync(worker);

        Assert.Equal(1, await CountAsync("FROM fleet.claim_sets"));
        Assert.Equal(1, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {next.LeaseToken}"));
    }

    /// <summary>An early nudge before its commit, or one that came twice: no look waits for the disk, nor does it make the commit
    /// wait.</summary>
    [Fact]
    public async Task Claim_OfNothing_WritesNothing()
    {
        var worker = await Fleet.RegisterAsync();
        var ended = await Fleet.StartAsync(worker);
        await Fleet.CompleteAsync(ended);

        var hasWritten = await Fleet.Storage.WriteAsync(
            async session =>
            {
                await Fleet.Storage.Statements.ClaimAsync(
                    session, worker, [ended.Id, RunId.New(Fleet.Now)], Fleet.Now, passedGates: false, CancellationToken.None);
                await using var command = new NpgsqlCommand(
                    "SELECT pg_current_xact_id_if_assigned() IS NOT NULL", (NpgsqlConnection)session.Transaction.Connection!);
                return (bool)(await command.ExecuteScalarAsync())!;
            },
            CancellationToken.None);

        Assert.False(hasWritten);
    }

    [Fact]
    public async Task Claim_OfNothing_LeavesTheClaimsThatAreOverToTheNextOne()
    {
        var worker = await Fleet.RegisterAsync();
        var over = await Fleet.StartAsync(worker);
        await Fleet.CompleteAsync(over);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, over.Id)).Status);
        Assert.Equal(1, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {over.LeaseToken}"));

        await Fleet.StartAsync(worker);

        Assert.Equal(1, await CountAsync("FROM fleet.claim_sets"));
        Assert.Equal(0, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {over.LeaseToken}"));
    }

    [Fact]
    public void ClaimsOfNothing_OneAfterTheOther_DoNotPileUp()
    {
        var claims = new OpenClaimSets();
        for (var token = 0; token < 5_000; token++)
        {
            var over = claims.TakeOver();
            claims.GiveBack(over);
            claims.Opened(token, runs: 0);
        }

        Assert.Equal(1_001, claims.TakeOver().Length);
        Assert.Empty(claims.TakeOver());
    }

    /// <summary>The way of a completion together with the handler's own writes, which fail.</summary>
    [Fact]
    public async Task Claim_CompletionUndone_StaysUntilItIsOver()
    {
        var worker = await Fleet.RegisterAsync();
        var run = await Fleet.StartAsync(worker);

        await Assert.ThrowsAsync<TimeoutException>(() => Fleet.Storage.WriteAsync<bool>(
            async session =>
            {
                await Fleet.Get<CompleteRuns>().ExecuteInAsync(session.Transaction, Fleet.Completion(run), CancellationToken.None);
                throw new TimeoutException();
            },
            CancellationToken.None));
        await Fleet.StartAsync(worker);

        Assert.Equal(1, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {run.LeaseToken}"));
        await Fleet.ExpireAsync(worker);
        Assert.Equal(2, await Fleet.RescueAsync());
        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task Claim_AttemptEnded_GoesWithTheNextClaim()
    {
        var worker = await Fleet.RegisterAsync();
        var failed = await Fleet.StartAsync(worker);
        await Fleet.FailAsync(failed);
        var held = await Fleet.StartAsync(worker);

        Assert.Equal(0, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {failed.LeaseToken}"));
        Assert.Equal(1, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {held.LeaseToken}"));
    }

    [Fact]
    public async Task Claims_ThatAreOver_GoWithAHeartbeatAndAfterARescue()
    {
        var (worker, gone) = (await Fleet.RegisterAsync(), await Fleet.RegisterAsync());
        var over = await Fleet.StartAsync(worker);
        await Fleet.Storage.WriteAsync(
            async session =>
            {
                // As in a transaction of the handler's own: the storage does not learn whether it is committed.
                await Fleet.Get<CompleteRuns>().ExecuteInAsync(session.Transaction, Fleet.Completion(over), CancellationToken.None);
                return true;
            },
            CancellationToken.None);
        var held = await Fleet.StartAsync(worker);
        await Fleet.StartAsync(gone);
        await Fleet.ExpireAsync(gone);
        Assert.Equal(3, await CountAsync("FROM fleet.claim_sets"));

        var pulse = await Fleet.Get<Heartbeat>().ExecuteAsync(
            worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true, CancellationToken.None);

        Assert.Equal(held.Id, Assert.Single(pulse.Held!).Id);
        Assert.Equal(2, await CountAsync("FROM fleet.claim_sets"));
        Assert.Equal(1, await Fleet.RescueAsync());
        Assert.Equal(0, await Fleet.RescueAsync());
        Assert.Equal(1, await CountAsync($"FROM fleet.claim_sets WHERE lease_token = {held.LeaseToken}"));
    }

    private Task<long> CountAsync(string from) => PostgresServer.CountAsync(_database.ConnectionString, $"SELECT count(*) {from}");
}
