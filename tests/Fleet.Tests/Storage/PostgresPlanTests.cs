using System.Text;
using Fleet.Core.Workers;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Npgsql;

namespace Fleet.Tests.Storage;

/// <summary>The plans of the hot statements where a wrong one is slow by orders of magnitude: a million pending runs, a few
/// ids, and a planner whose statistics are from the time when the table was empty.</summary>
public sealed class PostgresPlanTests(PostgresServer server)
{
    public static TheoryData<string, string, string> Statements() => new()
    {
        { "claim", PostgresRunStatements.Claim, "ARRAY[gen_random_uuid(), gen_random_uuid()], 1, gen_random_uuid(), now(), 2, false" },
        { "claim last chance", PostgresRunStatements.ClaimLastChance, "ARRAY[gen_random_uuid()], 1, gen_random_uuid(), now(), 2, false" },
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
            Assert.DoesNotContain("ix_runs_unlisted", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
    }

    public static TheoryData<string, string, string, string> Looks() => new()
    {
        { "lock orphans", PostgresRunStatements.LockOrphans, "", "PK_claims" },
        { "list batches", PostgresRunStatements.ListBatches, "('default', now())", "ix_batches_due" },
        { "read held", new PostgresPlainSql().ReadHeld.Replace("@worker", "$1", StringComparison.Ordinal), "(gen_random_uuid())", "PK_claims" },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Look_GenericPlan_FindsRunsByTheIdsOfTheirClaimOrBatch(string name, string sql, string arguments, string index)
    {
        var database = await server.CreateDatabaseAsync();
        await using (var connection = new NpgsqlConnection(database))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
            await ExecuteAsync(connection, $"PREPARE p AS {sql}");

            var plan = await ReadAsync(connection, $"EXPLAIN EXECUTE p {arguments}");

            Assert.True(plan.Contains(index, StringComparison.Ordinal), $"{name}:\n{plan}");
            Assert.Contains("\"PK_runs\"", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("ix_runs", plan, StringComparison.Ordinal);
        }

        await server.DropDatabaseAsync(database);
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
