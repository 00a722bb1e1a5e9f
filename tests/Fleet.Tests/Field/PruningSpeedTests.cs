using System.Diagnostics;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Fleet.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Field;

/// <summary>A table that is busy must not grow for ever: pruning deletes faster than the same machine takes in.</summary>
public sealed class PruningSpeedTests(PostgresServer server)
{
    private const int PerInsert = 500;

    private static readonly TimeSpan Keep = TimeSpan.FromDays(1);

    /// <summary>Set for the long form; a quarter of a minute and more.</summary>
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("FLEET_PRUNE_RUNS"), out var runs) ? runs : 5_000;

    [Fact]
    public async Task PruneRuns_AsManyAsWereTakenIn_AreDeletedInFewStatementsAndLessTime()
    {
        var database = await server.CreateDatabaseAsync();
        await using (var storage = new PostgresStorage(database + ";Pooling=true"))
        await using (var fleet = new Verbs(storage, new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(-2))))
        {
            var insert = await MeasureAsync(async () =>
            {
                for (var i = 0; i < Runs; i += PerInsert)
                {
                    NewRun[] batch = [.. Enumerable.Range(0, PerInsert).Select(_ => fleet.NewRun() with { Staged = true })];
                    await storage.AutocommitAsync(
                        session => storage.Statements.InsertAsync(session, batch, CancellationToken.None), CancellationToken.None);
                }
            });
            await PostgresServer.ExecuteAsync(
                database, "UPDATE fleet.runs SET state = 2, finished_at = due_at; DELETE FROM fleet.pending_sets");
            await PostgresServer.ExecuteAsync(database, "VACUUM ANALYZE fleet.runs");
            await using var prune = new PruneRuns(storage, TimeProvider.System, NullLogger<PruneRuns>.Instance);
            var (term, deleted, passes) = (await fleet.LeadAsync(), 0, 0);

            var delete = await MeasureAsync(async () =>
            {
                for (var more = true; more; passes++)
                {
                    (var runs, more) = await prune.ExecuteAsync(term, Keep, Keep, Keep, CancellationToken.None);
                    deleted += runs;
                }
            });

            Assert.Equal(Runs, deleted);
            Assert.Equal(0, await PostgresServer.CountAsync(database, "SELECT count(*) FROM fleet.runs"));
            // 500, 1,000, 2,000, … at first; never fewer than 100.
            Assert.InRange(passes, 2, (Runs / PruneRuns.MinRows) + 1);
            TestContext.Current.SendDiagnosticMessage(
                $"{Runs} runs: inserted {Runs / insert.TotalSeconds:N0}/s, pruned {Runs / delete.TotalSeconds:N0}/s in {passes} passes; "
                + $"ratio {insert / delete:N1}.");
            if (Runs >= 50_000)
                Assert.True(insert / delete > 2, "Half of the time pruning rests: it has to be twice as fast as what comes in.");
        }

        await server.DropDatabaseAsync(database);
    }

    private static async Task<TimeSpan> MeasureAsync(Func<Task> work)
    {
        var begun = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(begun);
    }
}
