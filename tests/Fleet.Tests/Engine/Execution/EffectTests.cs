using System.Globalization;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Engine.Diagnostics;
using Fleet.Tests.Support;

namespace Fleet.Tests.Engine.Execution;

/// <summary>What a handler sees of <c>context.Effect</c>, and what becomes of its run.</summary>
public sealed class EffectTests
{
    private const string Insert = "INSERT INTO effect_rows (body) VALUES (@body)";

    private static readonly EnqueueOptions Twice = new() { MaxAttempts = 2 };

    [Fact]
    public async Task Effect_HandlerReturns_IsAppliedWithItsCompletion()
    {
        var script = Script.Of(call =>
        {
            call.Context.Effect(Insert, new { body = "a" });
            call.Context.SetOutput(1);
            call.Context.Effect("UPDATE effect_rows SET body = body || @more", new { more = "b" });
        });
        await using var fleet = await StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Equal(["ab"], await RowsAsync(fleet));
        Assert.Equal(["1"], await QueryAsync(fleet, "SELECT output FROM fleet_runs"));
    }

    [Fact]
    public async Task Effect_HandlerThrows_IsNotAppliedAndTheNextAttemptBeginsWithout()
    {
        var script = Script.Of(call =>
        {
            call.Context.Effect(Insert, new { body = $"{call.Context.Attempt}" });
            if (call.Context.Attempt == 1)
                throw new InvalidOperationException("not yet");
        });
        await using var fleet = await StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), Twice));

        Assert.Equal((RunState.Succeeded, 2), (run.State, run.Attempt));
        Assert.Equal(["2"], await RowsAsync(fleet));
    }

    [Fact]
    public async Task Effect_DatabaseRefusesIt_IsTheAttemptsFailureWithTheDatabasesMessage()
    {
        var script = Script.Of(call =>
        {
            call.Context.Effect(Insert, new { body = "secret" });
            call.Context.Effect(call.Context.Attempt == 1 ? "INSERT INTO no_table (a) VALUES (@body)" : Insert, new { body = "secret" });
        });
        await using var fleet = await StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), Twice));

        Assert.Equal((RunState.Succeeded, 2), (run.State, run.Attempt));
        var failed = (await fleet.AttemptsAsync(run.Id))[0];
        Assert.Equal(AttemptOutcome.Failed, failed.Outcome);
        Assert.Equal("Fleet.Core.Effects.EffectFailedException", failed.ErrorType);
        Assert.StartsWith(
            "Effect 2 of 2 failed, and nothing of this attempt was stored: INSERT INTO no_table (a) VALUES (@p1) ---> "
            + "Microsoft.Data.Sqlite.SqliteException: ",
            failed.Error, StringComparison.Ordinal);
        Assert.Contains("no such table: no_table", failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed.Error + failed.Stack, StringComparison.Ordinal);
        Assert.Equal(["secret", "secret"], await RowsAsync(fleet));
    }

    /// <summary>The end is written again after an outage, which is no attempt; and then it is the effect that fails.</summary>
    [Fact]
    public async Task Effect_BadOneAfterAnOutage_IsTheAttemptsFailure()
    {
        var calls = 0;
        var script = Script.Of(call => call.Context.Effect("INSERT INTO no_table (a) VALUES (1)"));
        void FailFirst()
        {
            if (Interlocked.Increment(ref calls) == 1)
                throw new DatabaseUnavailableException("database: away", TimeSpan.Zero);
        }

        await using var fleet = await ScriptedFleet.StartAsync(
            script, configure: services => StorageSpy.AddTo(services, "ApplyEffectsAsync", FailFirst));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal((RunState.Failed, 1, 2), (run.State, script.Calls, calls));
        Assert.Contains("no such table: no_table", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Effect_RefusedAtTheCall_FailsForGood()
    {
        var script = Script.Of(call => call.Context.Effect("INSERT INTO t (a) VALUES (@a)", new { b = 1 }));
        await using var fleet = await StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted(), Twice));

        Assert.Equal((RunState.Failed, 1), (run.State, script.Calls));
        Assert.StartsWith(
            "Effect 1 of job 'test.scripted' has no value for @a. Values were given for @b.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("effect first", "CompleteAsync was called after Effect in run")]
    [InlineData("completion first", "Effect was called after CompleteAsync had completed run")]
    [InlineData("effect in the work", "CompleteAsync was called after Effect in run")]
    public async Task Effect_TogetherWithCompleteAsync_IsRefused(string order, string problem)
    {
        var refusals = new List<Exception?>();
        var script = new Script(async call =>
        {
            var context = call.Context;
            if (order == "effect first")
                context.Effect(Insert, new { body = "a" });
            refusals.Add(await Record.ExceptionAsync(() => context.CompleteAsync(
                async (transaction, ct) =>
                {
                    if (order == "effect in the work")
                        context.Effect(Insert, new { body = "b" });
                    await using var command = transaction.Connection!.CreateCommand();
                    command.Transaction = transaction;
                    command.CommandText = "INSERT INTO effect_rows (body) VALUES ('work')";
                    await command.ExecuteNonQueryAsync(ct);
                },
                call.Token)));
            if (order == "completion first")
                refusals.Add(Record.Exception(() => context.Effect(Insert, new { body = "c" })));
        });
        await using var fleet = await StartAsync(script);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal(RunState.Succeeded, run.State);
        var refusal = Assert.IsType<InvalidOperationException>(refusals[^1]);
        Assert.StartsWith(problem, refusal.Message, StringComparison.Ordinal);
        // What the refused work had handed over went with it.
        Assert.Equal(order switch { "effect first" => ["a"], "completion first" => ["work"], _ => (string[])[] }, await RowsAsync(fleet));
    }

    [Fact]
    public async Task Effect_AfterTheAttempt_IsRefused()
    {
        JobContext? kept = null;
        await using var fleet = await StartAsync(Script.Of(call => kept = call.Context));
        await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        var e = Assert.Throws<InvalidOperationException>(() => kept!.Effect("SELECT 1"));

        Assert.StartsWith("Effect was called after attempt 1 of run", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DiagEffect_WritesItsRow()
    {
        await using var fleet = await StartAsync(Script.Of(_ => { }));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new LedgerEffect("k")));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Equal([$"{run.Id} k"], await QueryAsync(fleet, """SELECT run_id || ' ' || "key" FROM fleet_diag_ledger"""));
    }

    private static async Task<EmbeddedFleet> StartAsync(Script script)
    {
        var fleet = await ScriptedFleet.StartAsync(
            script, settings: ["Worker:Retry:FirstDelay=00:00:00"], configure: services => services.AddDiagnosticJobs());
        await fleet.Storage.WriteAsync(
            session => session.ExecuteAsync("CREATE TABLE effect_rows (body varchar(200) NOT NULL)"), CancellationToken.None);
        return fleet;
    }

    private static Task<IReadOnlyList<string>> RowsAsync(EmbeddedFleet fleet) =>
        QueryAsync(fleet, "SELECT body FROM effect_rows ORDER BY body");

    private static Task<IReadOnlyList<string>> QueryAsync(EmbeddedFleet fleet, string sql) => fleet.Storage.WriteAsync(
        session => session.QueryAsync(sql, r => Convert.ToString(r.GetValue(0), CultureInfo.InvariantCulture)!),
        CancellationToken.None);
}
