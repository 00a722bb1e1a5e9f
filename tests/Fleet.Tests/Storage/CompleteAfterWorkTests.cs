using System.Data.Common;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>The transaction that Fleet opens on PostgreSQL for the work of a handler: it completes the run and commits in one round trip,
/// and what the work leaves on the connection reaches nobody.</summary>
public sealed class CompleteAfterWorkTests : StorageVerbs
{
    private readonly PostgresDatabase _database;

    public CompleteAfterWorkTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private CompleteAfterWorkTests(PostgresDatabase database) : base(database) => _database = database;

    [Fact]
    public async Task Work_ThatSucceeds_IsCommittedWithOutputFollowUpsAndEvents()
    {
        var run = await StartAsync();
        var twin = await Fleet.EnqueueAsync(new EnqueueOptions { IdempotencyKey = "same" });
        NewRun[] followUps = [
            Fleet.NewRun() with { ParentId = run.Id, Staged = true, MayExist = false }, Fleet.NewRun("same") with { ParentId = run.Id }];

        await ExecuteAsync(
            "INSERT INTO effect VALUES (1)", Fleet.Completion(run) with { Output = "42", FollowUps = followUps, Events = [Event(run)] });

        var row = await Fleet.ReadAsync(run.Id);
        Assert.Equal((RunState.Succeeded, "42", Fleet.Now), (row.State, row.Output, row.FinishedAt));
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM effect"));
        Assert.Equal(run.Id, (await Fleet.ReadAsync(followUps[0].Id)).ParentId);
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM fleet.runs WHERE idempotency_key = 'same'"));
        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(twin)).State);
        Assert.Single(await Fleet.ListAsync(db => db.Outbox));
    }

    /// <summary>The fence stands before the commit, in the same batch.</summary>
    [Theory]
    [InlineData("taken away", typeof(LeaseLostException))]
    [InlineData("claimed again", typeof(LeaseLostException))]
    [InlineData("completed before", typeof(RunCompletedException))]
    [InlineData("gone", typeof(LeaseLostException))]
    public async Task Work_OfARunThatIsNotOurs_IsRolledBack(string why, Type expected)
    {
        var run = await StartAsync();
        switch (why)
        {
            case "taken away":
                await Fleet.ReleaseAsync(run);
                break;
            case "claimed again":
                await Fleet.ReleaseAsync(run);
                await Fleet.ClaimAsync(await Fleet.RegisterAsync(), run.Id);
                break;
            case "completed before":
                await Fleet.CompleteAsync(run);
                break;
            default:
                await SqlAsync("DELETE FROM fleet.runs");
                break;
        }

        var error = await Record.ExceptionAsync(
            () => ExecuteAsync(
                "INSERT INTO effect VALUES (1)", Fleet.Completion(run) with { FollowUps = [NewRun()], Events = [Event(run)] }));

        Assert.IsType(expected, error);
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM effect"));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM fleet.outbox"));
        Assert.Equal(why == "gone" ? 0 : 1, await CountAsync("SELECT count(*) FROM fleet.runs"));
    }

    /// <summary>What the application's own tables refuse at the commit is its own error, not a lost answer.</summary>
    [Theory]
    [InlineData("INSERT INTO part VALUES (7)", "23503")]
    [InlineData("INSERT INTO divided VALUES (1)", "22012")]
    public async Task Work_WhoseDeferredConstraintFails_FailsWithThatErrorAndLeavesTheRunRunning(string sql, string sqlState)
    {
        await SqlAsync("""
            CREATE TABLE whole (id integer PRIMARY KEY);
            CREATE TABLE part (id integer REFERENCES whole DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE divided (id integer);
            CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / (NEW.id - 1); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER later AFTER INSERT ON divided DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION divide();
            """);
        var run = await StartAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(sql, Fleet.Completion(run)));

        Assert.Equal(sqlState, error.SqlState);
        Assert.Equal(RunState.Running, (await Fleet.ReadAsync(run.Id)).State);
        Assert.Equal(SettleOutcome.Settled, await Fleet.CompleteAsync(run));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Work_ThatEndsItsTransaction_IsRefused(bool commits)
    {
        var run = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Fleet.Get<CompleteRuns>().ExecuteAfterAsync(
            (transaction, ct) => commits ? transaction.CommitAsync(ct) : transaction.RollbackAsync(ct), () => Fleet.Completion(run),
            CancellationToken.None));

        Assert.Contains("has ended its transaction", error.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Running, (await Fleet.ReadAsync(run.Id)).State);
    }

    /// <summary>The work swallowed an error of the server, after which the transaction cannot be committed.</summary>
    [Fact]
    public async Task Work_ThatHidesAFailedStatement_FailsAndCompletesNothing()
    {
        var run = await StartAsync();

        await Assert.ThrowsAsync<PostgresException>(() => Fleet.Get<CompleteRuns>().ExecuteAfterAsync(
            async (transaction, _) => await Record.ExceptionAsync(() => SqlAsync(transaction, "SELECT 1 / 0")), () => Fleet.Completion(run),
            CancellationToken.None));

        Assert.Equal(RunState.Running, (await Fleet.ReadAsync(run.Id)).State);
    }

    /// <summary>Whether the commit was made nobody knows: the answer is lost with the connection.</summary>
    [Fact]
    public async Task Work_WhoseConnectionEndsAtTheCommit_HasAnUnknownOutcome()
    {
        await SqlAsync("""
            CREATE TABLE effect (id integer);
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON effect DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
            """);
        var run = await StartAsync();

        await Assert.ThrowsAsync<OutcomeUnknownException>(() => ExecuteAsync("INSERT INTO effect VALUES (1)", Fleet.Completion(run)));

        Assert.Equal(RunState.Running, (await Fleet.ReadAsync(run.Id)).State);
    }

    /// <summary>Each line leaves something on the connection; the question after it finds nothing of it.</summary>
    [Theory]
    [InlineData("SET work_mem = '77MB'", "SELECT (current_setting('work_mem') = '77MB')::int::bigint")]
    [InlineData("SET my.word = 'a'", "SELECT (coalesce(current_setting('my.word', true), '') <> '')::int::bigint")]
    [InlineData("SET search_path = pg_catalog, public", "SELECT (current_setting('search_path') LIKE 'pg_catalog%')::int::bigint")]
    [InlineData(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SELECT (current_setting('default_transaction_isolation') = 'serializable')::int::bigint")]
    [InlineData("CREATE TEMP TABLE left_over (id integer)", "SELECT count(*) FROM pg_class WHERE relname = 'left_over'")]
    [InlineData("SELECT pg_advisory_lock(42)", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")]
    [InlineData("LISTEN gossip", "SELECT count(*) FROM pg_listening_channels()")]
    [InlineData("DECLARE held CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors WHERE name = 'held'")]
    [InlineData("SELECT nextval('numbers')", "SELECT lastval()")]
    [InlineData("SET SESSION AUTHORIZATION other; SET LOCAL SESSION AUTHORIZATION DEFAULT", "SELECT (session_user = 'other')::int::bigint")]
    [InlineData("SET ROLE other; SET LOCAL ROLE NONE", "SELECT (current_user = 'other')::int::bigint")]
    public async Task Leftovers_OnTheConnection_DoNotReachTheNextUser(string left, string question)
    {
        await SqlAsync(
            "CREATE SEQUENCE numbers; "
            + "DO $$ BEGIN CREATE ROLE other; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
        // The same for a work that fails: the transaction's settings are undone, but not what stands outside of it.
        foreach (var fails in new[] { false, true })
        {
            var process = await WorkAsync(left, fails);
            var (sameProcess, found) = await AskAsync(question);

            Assert.Equal(process, sameProcess);
            Assert.Equal(0, found);
        }
    }

    /// <summary>A connection that cannot be made new is not used again; the run is completed all the same.</summary>
    [Fact]
    public async Task Leftovers_ThatCannotBeRemoved_CostTheConnection()
    {
        await SqlAsync("REVOKE EXECUTE ON FUNCTION pg_advisory_unlock_all() FROM PUBLIC");
        await using var storage = new PostgresStorage(await PostgresServer.CreateUserAsync(_database.ConnectionString), Time);
        var processes = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            var run = await StartAsync();
            await storage.CompleteAfterAsync(
                (transaction, _) =>
                {
                    processes.Add(ProcessOf(transaction));
                    return SqlAsync(transaction, "SET my.word = 'a'");
                },
                () => Fleet.Completion(run),
                CancellationToken.None);
            Assert.Equal(RunState.Succeeded, (await Fleet.ReadAsync(run.Id)).State);
        }

        Assert.Equal(2, processes.Distinct().Count());
    }

    /// <summary>A plan that was made while there were no runs is by index.</summary>
    [Fact]
    public async Task Plan_OfTheCompletion_MadeOnASmallTable_IsByIndex()
    {
        var run = await StartAsync();
        await SqlAsync("ANALYZE fleet.runs");
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            $"PREPARE one (uuid, bigint, timestamptz, text) AS {PostgresRunStatements.CompleteOneOrFail}; SET plan_cache_mode = "
            + "force_generic_plan; "
                + $"SET enable_seqscan = off; EXPLAIN EXECUTE one ('{run.Id}', {run.LeaseToken}, now(), NULL)",
            connection);
        var plan = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            plan.Add(reader.GetString(0));

        Assert.Contains(
            plan,
            line => line.Contains("Index Scan using \"PK_runs\"", StringComparison.OrdinalIgnoreCase)
                || line.Contains("Index Scan using pk_runs", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<ClaimedRun> StartAsync()
    {
        await SqlAsync("CREATE TABLE IF NOT EXISTS effect (id integer)");
        return await Fleet.StartAsync(await Fleet.RegisterAsync());
    }

    /// <summary>Does a work that leaves something behind.</summary>
    /// <returns>The server process of its connection.</returns>
    private async Task<int> WorkAsync(string left, bool fails)
    {
        var run = await StartAsync();
        var process = 0;
        var error = await Record.ExceptionAsync(() => Fleet.Get<CompleteRuns>().ExecuteAfterAsync(
            async (transaction, _) =>
            {
                process = ProcessOf(transaction);
                await SqlAsync(transaction, left);
                if (fails)
                    throw new TimeZoneNotFoundException();
            },
            () => Fleet.Completion(run),
            CancellationToken.None));
        Assert.Equal(fails ? typeof(TimeZoneNotFoundException) : null, error?.GetType());
        return process;
    }

    /// <summary>Asks as the next user of the connection. A question that the server refuses, as for a value that was never made, finds
    /// nothing.</summary>
    private async Task<(int Process, long Found)> AskAsync(string question)
    {
        var run = await StartAsync();
        var (process, found) = (0, 0L);
        await Record.ExceptionAsync(() => Fleet.Get<CompleteRuns>().ExecuteAfterAsync(
            async (transaction, _) =>
            {
                process = ProcessOf(transaction);
                await using var command = transaction.Connection!.CreateCommand();
                command.CommandText = question;
                found = (long)(await command.ExecuteScalarAsync(CancellationToken.None))!;
            },
            () => Fleet.Completion(run),
            CancellationToken.None));
        return (process, found);
    }

    private Task ExecuteAsync(string sql, Completion completion) =>
        Fleet.Get<CompleteRuns>().ExecuteAfterAsync(
            (transaction, _) => SqlAsync(transaction, sql), () => completion, CancellationToken.None);

    private static int ProcessOf(DbTransaction transaction) => ((NpgsqlConnection)transaction.Connection!).ProcessID;

    private static async Task SqlAsync(DbTransaction transaction, string sql)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    private NewRun NewRun() => Fleet.NewRun() with { Staged = true, MayExist = false };

    private Core.Storage.Rows.OutboxMessage Event(ClaimedRun run) => new()
    {
        MessageId = Guid.CreateVersion7(Fleet.Now),
        Name = "order.paid",
        Body = "{}",
        RunId = run.Id,
        CreatedAt = Fleet.Now,
        NextTryAt = Fleet.Now,
    };

    private Task SqlAsync(string sql) => PostgresServer.ExecuteAsync(_database.ConnectionString, sql);

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database.ConnectionString, sql);
}
