using System.Text;
using Fleet.Core.Workers;
using Fleet.Storage.Postgres;
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
        { "claim", PostgresRunStatements.Claim, "ARRAY[gen_random_uuid(), gen_random_uuid()], ARRAY[1, 2], gen_random_uuid(), now(), 2, false" },
        { "complete", PostgresRunStatements.Complete, "ARRAY[gen_random_uuid()], ARRAY[1], ARRAY[now()], ARRAY['x']" },
        { "end attempt", PostgresRunStatements.EndAttempt, "ARRAY[gen_random_uuid()], ARRAY[1], ARRAY[now()], ARRAY[0], ARRAY[0], ARRAY[now()], ARRAY[0], ARRAY['x'], ARRAY['x'], ARRAY['x']" },
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
            await ExecuteAsync(connection, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p ({arguments})");

            Assert.True(plan.Contains("\"PK_runs\"", StringComparison.Ordinal), $"{name}:\n{plan}");
            Assert.DoesNotContain("ix_runs_pending", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs_unstaged", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task LockOrphans_GenericPlan_FindsRunsByTheirWorkers()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();

            var plan = await ReadAsync(connection, $"EXPLAIN {PostgresRunStatements.LockOrphans}");

            Assert.Contains("ix_runs_running", plan, StringComparison.Ordinal);
            Assert.Contains("Index Cond: (worker_id = ANY", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task LockOrphans_RunsOfADeadWorkerHaveEnded_GoesThroughTheirEntriesOnce()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var storage = new PostgresStorage(database))
        await using (var fleet = new Verbs(storage, new FakeTimeProvider(Verbs.Noon)))
        {
            const int ended = 20_000;
            var worker = await fleet.RegisterAsync();
            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await ExecuteAsync(connection, $"""
                ALTER TABLE runs SET (autovacuum_enabled = false);
                INSERT INTO runs (id, job, lane, state, due_at, staged, attempt, attempt_offset, crashes, replays, lease_token, created_at, overlap, revoked, args, worker_id)
                SELECT gen_random_uuid(), 'note', 'default', 1, now(), true, 1, 0, 0, 0, 1, now(), 0, false, '[]', '{worker.Value}' FROM generate_series(1, {ended});
                UPDATE runs SET state = 2, finished_at = now();
                """);
            await fleet.Get<RegisterWorkers>().LeaveAsync(worker, TestContext.Current.CancellationToken);

            Assert.Equal(ended, await LookAsync(storage));
            // An entry is dead once no transaction on the server, be it another test's, began before its row ended.
            await Waiting.UntilAsync(async () => await LookAsync(storage) == 0);
        }

        await server.DropDatabaseAsync(database);

        // How many entries of the index of running runs a look goes through, in the transaction that RescueRuns makes of it.
        static Task<long> LookAsync(PostgresStorage storage) => storage.WriteAsync(
            async scope =>
            {
                await storage.GetClockAsync(scope, default);
                await storage.Statements.LockOrphansAsync(scope.Transaction, default);
                await using var command = new NpgsqlCommand(
                    "SELECT pg_stat_get_xact_tuples_returned('ix_runs_running'::regclass)", (NpgsqlConnection)scope.Transaction.Connection!);
                return (long)(await command.ExecuteScalarAsync())!;
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task HotStatement_UsedOften_IsPlannedOncePerConnection()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var storage = new PostgresStorage(database + ";Pooling=true"))
        {
            for (var i = 0; i < 10; i++)
            {
                await storage.WriteAsync(
                    scope => storage.Statements.ClaimAsync(scope.Transaction, new WorkerId(Guid.NewGuid()), [new RunId(Guid.NewGuid())], default, inTurn: false, default),
                    TestContext.Current.CancellationToken);
            }

            var prepared = await storage.WriteAsync(
                async scope =>
                {
                    await using var command = new NpgsqlCommand(
                        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM workers%'", (NpgsqlConnection)scope.Transaction.Connection!);
                    return (long)(await command.ExecuteScalarAsync())!;
                },
                TestContext.Current.CancellationToken);

            Assert.NotEqual(0, prepared);
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
