using Fleet.Core.Effects;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>What only PostgreSQL does to effects: constraints that wait for the commit, locks, deadlocks, procedures, settings.</summary>
public sealed class PostgresEffectsTests : StorageVerbs
{
    private const string Insert = "INSERT INTO rows (run_id, id) VALUES (@run, @id)";

    private readonly PostgresDatabase _database;

    public PostgresEffectsTests(PostgresServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresEffectsTests(PostgresDatabase database) : base(database) => _database = database;

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 250 })]
    [InlineData(new[] { 0, 3, 9, 100, 101, 102, 250, 499 })]
    public async Task Effects_BadOnes_LetNoEffectBeExecutedOftenAndFailAlone(int[] bad)
    {
        await CreateAsync();
        var runs = await StartAsync(500);

        // A sequence keeps what a rollback undoes: it counts executions. One statement, so that the bad ones stand among the good.
        const string count = "INSERT INTO rows (run_id, id) VALUES (@run, nextval('executions') / @by)";
        var answers = await Task.WhenAll(
            runs.Select((run, i) => TryAsync(run, (count, new { run = run.Id.Value, by = bad.Contains(i) ? 0 : 1 }))));

        Assert.Equal(bad, answers.Index().Where(a => a.Item is not null).Select(a => a.Index));
        Assert.All(
            answers.OfType<Exception>(),
            a => Assert.Equal("22012", Assert.IsType<PostgresException>(Assert.IsType<EffectFailedException>(a).InnerException).SqlState));
        Assert.Equal(500 - bad.Length, await CountAsync("SELECT count(*) FROM rows"));
        Assert.Equal(
            500 - bad.Length, await CountAsync(
                "SELECT count(DISTINCT run_id) FROM rows JOIN fleet.runs ON fleet.runs.id = run_id AND state = 2"));
        Assert.InRange(await CountAsync("SELECT last_value FROM executions"), 500 - bad.Length, 2 * 500);
    }

    [Fact]
    public async Task Effects_AllBad_EachIsExecutedOnceOrTwiceAndNothingIsCommitted()
    {
        await CreateAsync();
        var runs = await StartAsync(100);

        var answers = await Task.WhenAll(
            runs.Select(
                run =>
                    TryAsync(run, ("INSERT INTO rows (run_id, id) VALUES (@run, nextval('executions') / 0)", new { run = run.Id.Value }))));

        Assert.All(answers, a => Assert.IsType<EffectFailedException>(a));
        Assert.InRange(await CountAsync("SELECT last_value FROM executions"), 100, 200);
    }

    [Fact]
    public async Task Effects_ConstraintThatWaitsForTheCommit_FailsItsRunAlone()
    {
        await CreateAsync();
        await ExecuteAsync("CREATE TABLE children (id int, parent int REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)");
        var runs = await StartAsync(40);

        var answers = await Task.WhenAll(runs.Select((run, i) => TryAsync(
            run,
            ("INSERT INTO children (id, parent) VALUES (@id, @id)", new { id = i }),
            // The child comes first: only the commit may look.
            ("INSERT INTO parents (id) VALUES (@id)", new { id = i % 10 == 5 ? i + 1000 : i }))));

        Assert.Equal([5, 15, 25, 35], answers.Index().Where(a => a.Item is not null).Select(a => a.Index));
        Assert.All(
            answers.OfType<Exception>(),
            a => Assert.Equal("23503", Assert.IsType<PostgresException>(Assert.IsType<EffectFailedException>(a).InnerException).SqlState));
        Assert.Equal(36, await CountAsync("SELECT count(*) FROM children JOIN parents ON parents.id = parent"));
    }

    [Fact]
    public async Task Effects_OneAloneWithSuchAConstraint_FailsAtTheCommit()
    {
        await CreateAsync();
        await ExecuteAsync("CREATE TABLE children (id int, parent int REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)");

        var answer = await TryAsync((await StartAsync(1))[0], ("INSERT INTO children (id, parent) VALUES (1, 1)", null));

        Assert.StartsWith(
            "The effects failed at the commit", Assert.IsType<EffectFailedException>(answer).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CALL ends()", "2D000")]
    [InlineData("SELECT ends_not()", null)]
    public async Task Effects_ProcedureThatCommits_IsRefusedByTheServer(string sql, string? error)
    {
        await CreateAsync();
        await ExecuteAsync("CREATE PROCEDURE ends() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$");
        await ExecuteAsync("CREATE FUNCTION ends_not() RETURNS int LANGUAGE sql AS 'INSERT INTO parents VALUES (7) RETURNING 1'");
        var runs = await StartAsync(3);

        var answers = await Task.WhenAll(TryAsync(runs[0], Row(runs[0])), TryAsync(runs[1], (sql, null)), TryAsync(runs[2], Row(runs[2])));

        Assert.Equal(
            [null, error, null], answers.Select(a => ((a as EffectFailedException)?.InnerException as PostgresException)?.SqlState));
        Assert.Equal(2, await CountAsync("SELECT count(*) FROM rows"));
    }

    [Fact]
    public async Task Effects_WhatOneLeavesBehind_ReachesNoOtherWork()
    {
        await CreateAsync();
        // Through a function, which no reader of the statement can look into.
        await ExecuteAsync("""
            CREATE FUNCTION leaves() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
                PERFORM set_config('search_path', 'nowhere', false), pg_advisory_lock(42); CREATE TEMP TABLE rows (a int); END $$
            """);
        var runs = await StartAsync(2);

        Assert.Null(await TryAsync(runs[0], ("SELECT leaves()", null)));
        Assert.Null(await TryAsync(runs[1], Row(runs[1])));

        Assert.Equal(1, await CountAsync("SELECT count(*) FROM public.rows"));
        Assert.Equal(0, await CountAsync(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
            + "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
    }

    [Fact]
    public async Task Effects_BehindSomebodysLock_WaitAloneWhileTheOthersAreApplied()
    {
        await CreateAsync();
        await ExecuteAsync("INSERT INTO parents VALUES (1)");
        var runs = await StartAsync(10);
        var hold = await PostgresHold.StartAsync(_database.ConnectionString, "SELECT 1 FROM parents FOR UPDATE");

        var waiting = TryAsync(runs[0], ("UPDATE parents SET id = id WHERE id = @id", new { id = 1 }));
        var others = await Task.WhenAll(runs.Skip(1).Select(run => TryAsync(run, Row(run)))).WaitAsync(Waiting.Limit);
        await Waiting.UntilAsync(
            async () => await CountAsync(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE parents%' AND wait_event_type = 'Lock'") == 1);

        Assert.All(others, Assert.Null);
        Assert.False(waiting.IsCompleted);
        // Whoever looks at its run does not wait.
        await using (var look = await PostgresHold.StartAsync(_database.ConnectionString, "SET lock_timeout = '3s'"))
            await Waiting.UntilAsync(async () => await IsFreeAsync(look, runs[0].Id));
        await hold.DisposeAsync();
        Assert.Null(await waiting.WaitAsync(Waiting.Limit));
        Assert.Equal(RunState.Succeeded, (await Fleet.ReadAsync(runs[0].Id)).State);
    }

    [Fact]
    public async Task Effects_TwoProcessesThatDeadlock_AreAllAppliedOnce()
    {
        await CreateAsync();
        await ExecuteAsync("CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL); INSERT INTO counters VALUES (1, 0), (2, 0)");
        await using var other = new Verbs(new PostgresStorage(_database.ConnectionString), Time);
        var runs = await StartAsync(10);

        // Each has changed one row before it asks for the other.
        var answers = await Task.WhenAll(runs.Select((run, i) => i switch
        {
            0 => TryAsync(Fleet, run, Change(1), ("SELECT pg_sleep(0.5)", null), Change(2)),
            1 => TryAsync(other, run, Change(2), ("SELECT pg_sleep(0.5)", null), Change(1)),
            _ => TryAsync(i % 2 == 0 ? Fleet : other, run, Row(run)),
        })).WaitAsync(Waiting.Limit);

        Assert.All(answers, Assert.Null);
        Assert.Equal(4, await CountAsync("SELECT sum(n) FROM counters"));
        Assert.Equal(8, await CountAsync("SELECT count(*) FROM rows"));
        await Waiting.UntilAsync(
            async () => await CountAsync("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > 0);

        static (string, object?) Change(int id) => ("UPDATE counters SET n = n + 1 WHERE id = @id", new { id });
    }

    [Fact]
    public async Task Effects_AnswerToTheCommitIsLost_AreAppliedOnceWhenItIsWrittenAgain()
    {
        await CreateAsync();
        var run = (await StartAsync(1))[0];
        // The server ends the connection while the transaction waits for its commit.
        await ExecuteAsync("""
            CREATE FUNCTION ends_its_own() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('executions') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$
            """);
        await ExecuteAsync(
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ends_its_own()");

        var first = await TryAsync(run, Row(run));
        var second = await TryAsync(run, Row(run));

        Assert.IsNotType<EffectFailedException>(first);
        Assert.True(Fleet.Storage.IsOutage(first!), $"{first}");
        Assert.Null(second);
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM rows"));
    }

    private static async Task<bool> IsFreeAsync(PostgresHold look, RunId run)
    {
        try
        {
            await look.ExecuteAsync($"SAVEPOINT a; SELECT 1 FROM fleet.runs WHERE id = '{run}' FOR UPDATE NOWAIT; ROLLBACK TO a");
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await look.ExecuteAsync("ROLLBACK TO a");
            return false;
        }
    }

    private static (string Sql, object? Parameters) Row(ClaimedRun run) => (Insert, new { run = run.Id.Value, id = 1 });

    private Task<Exception?> TryAsync(ClaimedRun run, params (string Sql, object? Parameters)[] effects) => TryAsync(Fleet, run, effects);

    private static async Task<Exception?> TryAsync(Verbs fleet, ClaimedRun run, params (string Sql, object? Parameters)[] effects)
    {
        var collected = new CollectEffects(EffectSyntax.Postgres, "note");
        foreach (var (sql, parameters) in effects)
            collected.Add(collected.Read(sql, parameters));
        return await Record.ExceptionAsync(
            () =>
                fleet.Get<CompleteRuns>().ExecuteAsync(fleet.Completion(run) with { Effects = collected.Effects }, CancellationToken.None));
    }

    private async Task<List<ClaimedRun>> StartAsync(int count)
    {
        var worker = await Fleet.RegisterAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Fleet.EnqueueAsync()));
        return [.. (await Task.WhenAll(ids.Select(id => Fleet.TryClaimAsync(worker, id)))).Select(c => c.Run!)];
    }

    private Task CreateAsync() =>
        ExecuteAsync("CREATE TABLE rows (run_id uuid, id bigint); CREATE TABLE parents (id int PRIMARY KEY); CREATE SEQUENCE executions");

    private Task ExecuteAsync(string sql) => PostgresServer.ExecuteAsync(_database.ConnectionString, sql);

    private Task<long> CountAsync(string sql) => PostgresServer.CountAsync(_database.ConnectionString, sql);
}
