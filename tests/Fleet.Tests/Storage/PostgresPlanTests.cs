using System.Text;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sql;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>The plans of the hot statements where a wrong one is slow by orders of magnitude: a million pending runs, a few
/// ids, and a planner whose statistics are from the time when the table was empty.</summary>
public sealed class PostgresPlanTests(PostgresServer server)
{
    public static TheoryData<string, string, string> Statements() => new()
    {
        {
            "claim",
            PostgresRunStatements.Claim,
            "ARRAY[gen_random_uuid(), gen_random_uuid()], 1, gen_random_uuid(), now(), 2, false, ARRAY[1]"
        },
        { "complete", PostgresRunStatements.Complete, "ARRAY[gen_random_uuid()], ARRAY[1], ARRAY[now()], ARRAY['x']" },
        {
            "end attempt", PostgresRunStatements.EndAttempt,
            "ARRAY[gen_random_uuid()], ARRAY[1], ARRAY[now()], ARRAY[0], ARRAY[0], ARRAY[now()], ARRAY[0], "
            + "ARRAY['x'], ARRAY['x'], ARRAY['x'], ARRAY[true], ARRAY[0], ARRAY[0], ARRAY[0], ARRAY['v1:0']"
        },
        { "mark staged", PostgresRunStatements.MarkStaged, "ARRAY[gen_random_uuid()], ARRAY[now()]" },
    };

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Statement_GenericPlan_FindsRunsById(string name, string sql, string arguments)
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, PostgresStorage.OnePlan);
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p ({arguments})");

            Assert.True(plan.Contains("\"PK_runs\"", StringComparison.Ordinal), $"{name}:\n{plan}");
            Assert.DoesNotContain("Bitmap", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs_pending", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs_unstaged", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs_succeeded", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    public static TheoryData<string, string, string, string> Looks() => new()
    {
        { "lock orphans", PostgresRunStatements.LockOrphans, "", "PK_claim_sets" },
        { "index pending sets", PostgresRunStatements.IndexPendingSets, "('default', now())", "ix_pending_sets_due" },
        {
            "read held",
            new PostgresPlainSql(FleetSchema.Default).ReadHeld.Replace("@worker", "$1", StringComparison.Ordinal),
            "(gen_random_uuid())",
            "PK_claim_sets"
        },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Look_GenericPlan_FindsRunsByTheIdsOfTheirSet(string name, string sql, string arguments, string index)
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, PostgresStorage.OnePlan);
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p {arguments}");

            Assert.True(plan.Contains(index, StringComparison.Ordinal), $"{name}:\n{plan}");
            Assert.Contains("\"PK_runs\"", plan, StringComparison.Ordinal);
            // A bitmap reads what is deleted again each time, and all before the first.
            Assert.DoesNotContain("Bitmap", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    public static TheoryData<string, string> OfOneRun() => new()
    {
        { PostgresRunStatements.FoldAttempts, "ARRAY[gen_random_uuid()]" },
        { ColdRunStatements.CountOutages.Replace("@id", "$1", StringComparison.Ordinal), "gen_random_uuid()" },
    };

    /// <summary>Where the statistics say that a run has many attempts, the last one of a run looks as if it stood at the end of the
    /// table.</summary>
    [Theory]
    [MemberData(nameof(OfOneRun))]
    public async Task AttemptsOfARun_GenericPlan_AreFoundByTheirRun(string sql, string arguments)
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await ExecuteAsync(
                connection,
                """
                INSERT INTO fleet.attempts (run_id, number, ended_at, outcome)
                SELECT CASE WHEN n % 2 = 0
                    THEN '019dc8a0-0000-7000-8000-000000000001' ELSE '019dc8a0-0000-7000-8000-000000000000' END::uuid, 1, now(), 4
                FROM generate_series(1, 20000) AS n;
                ANALYZE;
                """);
            await ExecuteAsync(connection, PostgresStorage.OnePlan);
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p ({arguments})");

            Assert.Contains("ix_attempts_run", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Backward", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    public static TheoryData<string, string, string, string> Deletions() => new()
    {
        {
            "succeeded", PostgresRunStatements.DeleteSucceeded, "('-infinity', now(), 1000)",
            "ix_runs_succeeded PK_runs ix_attempts_run ix_replays_run ix_run_logs_run"
        },
        {
            "failed", PostgresRunStatements.DeleteFailedOrCanceled, "('-infinity', now(), 1000)",
            "ix_runs_ended PK_runs ix_attempts_run ix_replays_run ix_run_logs_run"
        },
        { "inbox", PostgresRunStatements.DeleteInbox, "(now(), 1000)", "ix_inbox_received" },
        { "pending sets", PostgresRunStatements.DeletePendingSets, "(now())", "PK_runs PK_pending_sets" },
    };

    /// <summary>Whatever the tables hold: each is read by an index, and nothing is sorted or joined whole.</summary>
    [Theory]
    [MemberData(nameof(Deletions))]
    public async Task Deletion_GenericPlan_ReadsEachTableByItsIndex(string name, string sql, string arguments, string indexes)
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await ExecuteAsync(
                connection,
                """
                INSERT INTO fleet.attempts (run_id, number, ended_at, outcome)
                    SELECT gen_random_uuid(), 1, now(), 0 FROM generate_series(1, 20000);
                INSERT INTO fleet.run_logs (run_id, attempt, at, level, message)
                    SELECT gen_random_uuid(), 1, now(), 0, 'm' FROM generate_series(1, 20000);
                ANALYZE;
                """);
            await ExecuteAsync(connection, PostgresStorage.OnePlan);
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p {arguments}");

            foreach (var index in indexes.Split(' '))
                Assert.True(plan.Contains(index, StringComparison.Ordinal), $"{name} does not use {index}:\n{plan}");
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Hash Join", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Merge Join", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    /// <summary>The planner reads a table from end to end here only where no index fits.</summary>
    [Fact]
    public async Task Verbs_WhateverTheyLookFor_HaveAnIndexOfRuns()
    {
        var database = await server.CreateDatabaseAsync();
        await PostgresServer.ExecuteAsync(
            database, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(database).Database} SET enable_seqscan = off");
        await using (var fleet = new Verbs(new PostgresStorage(database + ";Pooling=true"), new FakeTimeProvider(Verbs.Noon)))
        {
            var (none, worker) = (CancellationToken.None, await fleet.RegisterAsync());
            var term = await fleet.LeadAsync();
            var planned = fleet.NewRun(key: "k", schedule: "s", fireTime: fleet.Now) with { Overlap = OverlapPolicy.Replace };
            await fleet.InsertAsync(planned, planned with { Id = RunId.New(fleet.Now) });
            await fleet.TryClaimAsync(worker, planned.Id);
            await fleet.CompleteAsync(await fleet.StartAsync(worker));
            var failed = await fleet.StartAsync(worker);
            await fleet.FailAsync(failed);
            await fleet.ReplayAsync(failed.Id);
            await fleet.CancelAsync(failed.Id);
            await fleet.StartAsync(worker);
            await fleet.Get<Heartbeat>().ExecuteAsync(
                worker, TimeSpan.FromHours(1), new Dictionary<string, long>(StringComparer.Ordinal), withHeld: true, none);
            await fleet.Get<IRunGates>().PassOnAsync(planned.Id, none);
            await fleet.Get<WakeUnserved>().ExecuteAsync(["default"], ["note"], none);
            await fleet.Storage.WriteAsync(
                session => RevokeOccurrences.ExecuteAsync(fleet.Storage, session, "s", fleet.Now.AddHours(-1), "of a test",
                    Somebody.Me, none), none);
            await fleet.Get<StageRuns>().ExecuteAsync(term, TimeSpan.FromSeconds(30), none);
            fleet.Time.Advance(TimeSpan.FromMinutes(1));
            await fleet.Get<Reconcile>().ExecuteAsync(none);
            await fleet.Get<MeanDurations>().ReadAsync(none);
            await fleet.Get<GetSchedules>().ListAsync(none);
            await fleet.ListAsync(db => db.Pending.Concat(db.Running));
            await fleet.ExpireAsync(worker);
            await fleet.RescueAsync();
            fleet.Time.Advance(TimeSpan.FromDays(1));
            await fleet.Get<PruneRuns>().ExecuteAsync(term, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, none);
        }

        // A session tells its counts when it ends.
        await Waiting.UntilAsync(async () => await PostgresServer.CountAsync(
            database,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            + "AND backend_type = 'client backend'") == 0);
        Assert.NotEqual(0, await PostgresServer.CountAsync(database, "SELECT idx_scan FROM pg_stat_user_tables WHERE relname = 'runs'"));
        Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'runs'"));
        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task HotStatement_UsedOftenInTransactions_IsPreparedOncePerConnection()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var storage = new PostgresStorage(database + ";Pooling=true"))
        {
            for (var i = 0; i < 10; i++)
            {
                await storage.WriteAsync(
                    session => storage.Statements.ClaimAsync(
                        session, new WorkerId(Guid.NewGuid()), [new RunId(Guid.NewGuid())], default, passedGates: false, default),
                    TestContext.Current.CancellationToken);
            }

            var prepared = await storage.WriteAsync(
                async session =>
                {
                    await using var command = new NpgsqlCommand(
                        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM fleet.workers%'",
                        (NpgsqlConnection)session.Transaction.Connection!);
                    return (long)(await command.ExecuteScalarAsync())!;
                },
                TestContext.Current.CancellationToken);

            Assert.NotEqual(0, prepared);
        }

        await server.DropDatabaseAsync(database);
    }

    /// <summary>The server would plan a batch of one or two again each time: that looks cheaper to it than a plan for any number.</summary>
    [Fact]
    public async Task HotStatements_UsedOftenAlone_ArePlannedOncePerConnection()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var fleet = new Verbs(new PostgresStorage(database + ";Pooling=true"), new FakeTimeProvider(Verbs.Noon)))
        {
            var worker = await fleet.RegisterAsync();
            for (var i = 0; i < 20; i++)
                await fleet.CompleteAsync(await fleet.StartAsync(worker));

            var plans = await fleet.Storage.AutocommitAsync(
                async session =>
                {
                    await using var command = new NpgsqlCommand(
                        """
                        SELECT count(*), coalesce(sum(custom_plans), 0)::bigint, coalesce(min(generic_plans), 0) FROM pg_prepared_statements
                        WHERE statement ~ 'INTO fleet.pending_sets|INTO fleet.claim_sets|SET state = 2'
                        """,
                        (NpgsqlConnection)session.Connection);
                    await using var reader = await command.ExecuteReaderAsync();
                    await reader.ReadAsync();
                    return (Statements: reader.GetInt64(0), Custom: reader.GetInt64(1), Generic: reader.GetInt64(2));
                },
                TestContext.Current.CancellationToken);

            Assert.Equal((3, 0), (plans.Statements, plans.Custom));
            Assert.True(plans.Generic > 10, $"{plans.Generic} executions");
        }

        await server.DropDatabaseAsync(database);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ReadAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var text = new StringBuilder();
        while (await reader.ReadAsync())
            text.AppendLine(reader.GetString(0));
        return text.ToString();
    }
}
