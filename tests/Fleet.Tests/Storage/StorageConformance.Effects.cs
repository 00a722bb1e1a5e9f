using System.Globalization;
using Fleet.Core.Effects;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private const string InsertRow = "INSERT INTO effect_rows (run_id, place, body) VALUES (@run, @place, @body)";

    [Fact]
    public async Task Effects_OfARun_AreAppliedOnceInTheirOrderWithItsCompletion()
    {
        await CreateEffectTablesAsync();
        var run = await One.StartAsync(await One.RegisterAsync());
        var completion = One.Completion(run) with
        {
            Output = "1",
            Effects = Effects(
                (InsertRow, Row(run.Id, 1, "first")),
                (
                    "UPDATE effect_rows SET body = @body WHERE run_id = @run AND body = @before",
                    new { run = run.Id.ToString(), body = "second", before = "first" }),
                (
                    "UPDATE effect_rows SET body = @body WHERE run_id = @run AND body = @before",
                    new { run = run.Id.ToString(), body = "third", before = "second" })),
        };

        var outcome = await One.Get<CompleteRuns>().ExecuteAsync(completion, CancellationToken.None);
        var again = await One.Get<CompleteRuns>().ExecuteAsync(completion, CancellationToken.None);

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((SettleOutcome.Settled, SettleOutcome.AlreadyCompleted), (outcome, again));
        Assert.Equal((RunState.Succeeded, "1"), (row.State, row.Output));
        Assert.Equal([$"{run.Id} 1 third"], await EffectRowsAsync());
    }

    [Fact]
    public async Task Effects_LeaseLost_AreNotApplied()
    {
        await CreateEffectTablesAsync();
        var worker = await One.RegisterAsync();
        var (stale, own) = (await One.StartAsync(worker), await One.StartAsync(worker));
        await One.ReleaseAsync(stale);

        var outcomes = await Task.WhenAll(CompleteWithRowAsync(stale), CompleteWithRowAsync(own));

        Assert.Equal([SettleOutcome.LeaseLost, SettleOutcome.Settled], outcomes);
        Assert.Equal([$"{own.Id} 1 a"], await EffectRowsAsync());
        Assert.Equal(RunState.Pending, (await One.ReadAsync(stale.Id)).State);
    }

    [Theory]
    [InlineData(new[] { 7 })]
    [InlineData(new[] { 0, 1, 19 })]
    [InlineData(new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 })]
    public async Task Effects_BadOnesInABatch_FailAloneWithTheirOwnErrors(int[] bad)
    {
        await CreateEffectTablesAsync();
        var runs = await StartManyAsync(20);

        var answers = await Task.WhenAll(runs.Select((run, i) => CaughtAsync(() => CompleteAsync(run, bad.Contains(i)
            ? [(InsertRow, Row(run.Id, 1)), ("INSERT INTO effect_no_table (id) VALUES (@id)", new { id = i })]
            : [(InsertRow, Row(run.Id, 1)), (InsertRow, Row(run.Id, 2))]))));

        Assert.Equal(bad, answers.Index().Where(a => a.Item is not null).Select(a => a.Index));
        Assert.All(answers.Where(a => a is not null), a =>
        {
            var failed = Assert.IsType<EffectFailedException>(a);
            Assert.StartsWith(
                "Effect 2 of 2 failed, and nothing of this attempt was stored: INSERT INTO effect_no_table", failed.Message,
                StringComparison.Ordinal);
            Assert.Contains("effect_no_table", failed.InnerException!.Message, StringComparison.Ordinal);
        });
        var good = runs.Where((_, i) => !bad.Contains(i)).ToList();
        Assert.Equal(good.SelectMany(r => new[] { $"{r.Id} 1 a", $"{r.Id} 2 a" }).Order(StringComparer.Ordinal), await EffectRowsAsync());
        foreach (var (i, run) in runs.Index())
            Assert.Equal(bad.Contains(i) ? RunState.Running : RunState.Succeeded, (await One.ReadAsync(run.Id)).State);
    }

    [Fact]
    public async Task Effects_UniqueViolation_FailsItsRunAndNoOther()
    {
        await CreateEffectTablesAsync();
        var runs = await StartManyAsync(6);

        var answers = await Task.WhenAll(runs.Select((run, i) => CaughtAsync(() => CompleteAsync(
            run, [("INSERT INTO effect_keys (id) VALUES (@id)", new { id = i / 2 })]))));

        Assert.Equal(3, answers.Count(a => a is null));
        Assert.Equal(3, answers.OfType<EffectFailedException>().Count());
        Assert.Equal(3, (await One.ListAsync(db => db.Runs)).Count(r => r.State == RunState.Succeeded));
    }

    [Fact]
    public async Task Effects_WithFollowUpsAndEvents_BecomeTrueTogether()
    {
        await CreateEffectTablesAsync();
        var runs = await StartManyAsync(2);
        var (followUp, other) = (One.NewRun() with { ParentId = runs[0].Id }, One.NewRun() with { ParentId = runs[1].Id });

        var answers = await Task.WhenAll(
            CaughtAsync(() => One.Get<CompleteRuns>().ExecuteAsync(
                One.Completion(
                    runs[0]) with
                {
                    Effects = Effects((InsertRow, Row(runs[0].Id, 1))),
                    FollowUps = [followUp],
                    Events = [Event(runs[0].Id)]
                }, CancellationToken.None)),
            CaughtAsync(() => One.Get<CompleteRuns>().ExecuteAsync(
                One.Completion(
                    runs[1]) with
                {
                    Effects = Effects(("DELETE FROM effect_no_table", null)),
                    FollowUps = [other],
                    Events = [Event(runs[1].Id)]
                }, CancellationToken.None)));

        Assert.Null(answers[0]);
        Assert.IsType<EffectFailedException>(answers[1]);
        Assert.Equal(runs[0].Id, Assert.Single(await One.ListAsync(db => db.Outbox)).RunId);
        Assert.Equal([followUp.Id], (await One.ListAsync(db => db.Runs)).Where(r => r.ParentId is not null).Select(r => r.Id));
        Assert.Equal([$"{runs[0].Id} 1 a"], await EffectRowsAsync());
    }

    [Fact]
    public async Task Effects_ManyAtOnce_AreAllApplied()
    {
        await CreateEffectTablesAsync();
        var runs = await StartManyAsync(700);

        var outcomes = await Task.WhenAll(runs.Select(CompleteWithRowAsync));

        Assert.All(outcomes, o => Assert.Equal(SettleOutcome.Settled, o));
        Assert.Equal(runs.Select(r => $"{r.Id} 1 a").Order(StringComparer.Ordinal), await EffectRowsAsync());
    }

    [Theory]
    [InlineData("COMMIT")]
    [InlineData("BEGIN")]
    [InlineData("ROLLBACK")]
    [InlineData("SAVEPOINT a")]
    [InlineData("SET x = 1")]
    [InlineData("DELETE FROM a; COMMIT")]
    [InlineData("DROP TABLE a")]
    public void Effects_ThatWouldEndTheTransaction_AreRefusedAtTheCall(string sql) =>
        Assert.Throws<EffectRefusedException>(() => Effects((sql, null)));

    [Fact]
    public async Task Effects_ValuesOfEveryType_ComeBackAsTheyWere()
    {
        await CreateEffectTablesAsync();
        var product = One.Storage.Effects.Syntax.Database;
        (string Bool, string Real, string Single, string Exact, string Id, string Instant, string Bytes) names = product switch
        {
            "PostgreSQL" => ("boolean", "double precision", "real", "numeric(20,4)", "uuid", "timestamptz", "bytea"),
            "SQLite" => ("int", "real", "real", "text", "text", "text", "blob"),
            _ => ("bit", "float", "real", "numeric(20,4)", "uniqueidentifier", "datetimeoffset", "varbinary(max)"),
        };
        await CreateTableAsync(
            "effect_values",
            $"t varchar(100), yes {names.Bool}, b smallint, s smallint, i int, l bigint, m {names.Exact}, d {names.Real}, "
            + $"f {names.Single}, g {names.Id}, r {names.Id}, at1 {names.Instant}, at2 {names.Instant}, d1 date, x {names.Bytes}, "
            + "e int, n int");
        var run = await One.StartAsync(await One.RegisterAsync());
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2));
        var values = new
        {
            t = "ä'; \U0001F680",
            yes = true,
            b = (byte)200,
            s = (short)-2,
            i = int.MinValue,
            l = long.MaxValue,
            m = 1234567.8901m,
            d = 0.1,
            f = 0.5f,
            g = Guid.NewGuid(),
            r = run.Id,
            at1 = at,
            at2 = at.UtcDateTime,
            d1 = new DateOnly(2026, 2, 28),
            x = new byte[] { 0, 255 },
            e = RunState.Succeeded,
            n = (int?)null,
        };

        await CompleteAsync(run, (
            "INSERT INTO effect_values (t, yes, b, s, i, l, m, d, f, g, r, at1, at2, d1, x, e, n) VALUES (@t, @yes, @b, @s, @i, @l, @m, "
            + "@d, @f, @g, @r, @at1, @at2, @d1, @x, @e, @n)",
            values));

        var read = await One.Storage.WriteAsync(
            session => session.QueryAsync(
                "SELECT t, yes, b, s, i, l, m, d, f, g, r, at1, at2, d1, x, e, n FROM effect_values",
                r => new object?[]
                {
                    r.GetString(0), r.GetBoolean(1), r.GetInt16(2), r.GetInt16(3), r.GetInt32(4), r.GetInt64(5), r.GetDecimal(6),
                    r.GetDouble(7), r.GetFloat(8), r.GetGuid(9), r.GetGuid(10),
                    r.GetFieldValue<DateTimeOffset>(11).UtcDateTime, r.GetFieldValue<DateTimeOffset>(12).UtcDateTime,
                    r.GetFieldValue<DateOnly>(13), r.GetFieldValue<byte[]>(14), r.GetInt32(15), r.IsDBNull(16),
                }),
            CancellationToken.None);
        Assert.Equal(
            [
                values.t, true, (short)200, (short)-2, int.MinValue, long.MaxValue, 1234567.8901m, 0.1, 0.5f, values.g, run.Id.Value,
                at.UtcDateTime, at.UtcDateTime, values.d1, values.x,
                (int)RunState.Succeeded, true,
            ],
            Assert.Single(read));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Effects_DatabaseFailsAtTheCommit_AreAppliedOnceWhenTheEndIsWrittenAgain(bool wasCommitted)
    {
        await CreateEffectTablesAsync();
        var run = await One.StartAsync(await One.RegisterAsync());
        var failing = new FailingStorage(One.Storage);
        await using var apply = new ApplyEffects(failing);
        var failures = 0;
        void FailOnce()
        {
            if (failures++ == 0)
                throw new OutcomeUnknownException(new IOException("gone"));
        }

        if (wasCommitted)
            failing.AfterCommit = FailOnce;
        else
            failing.BeforeCommit = FailOnce;
        var completion = One.Completion(run) with { Effects = Effects((InsertRow, Row(run.Id, 1))) };

        await Assert.ThrowsAsync<OutcomeUnknownException>(() => apply.ExecuteAsync(completion, CancellationToken.None));
        var outcome = await apply.ExecuteAsync(completion, CancellationToken.None);

        Assert.Equal(wasCommitted ? SettleOutcome.AlreadyCompleted : SettleOutcome.Settled, outcome);
        Assert.Equal([$"{run.Id} 1 a"], await EffectRowsAsync());
    }

    private async Task CreateEffectTablesAsync()
    {
        await CreateTableAsync("effect_rows", "run_id varchar(36) NOT NULL, place int NOT NULL, body varchar(200) NOT NULL");
        await CreateTableAsync("effect_keys", "id int NOT NULL PRIMARY KEY");
    }

    private Task<bool> CreateTableAsync(string name, string columns) => One.Storage.WriteAsync(
        async session =>
        {
            await One.Storage.CreateTableAsync(session, name, columns, CancellationToken.None);
            return true;
        },
        CancellationToken.None);

    private async Task<List<ClaimedRun>> StartManyAsync(int count)
    {
        var worker = await One.RegisterAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => One.EnqueueAsync()));
        return [.. (await Task.WhenAll(ids.Select(id => One.TryClaimAsync(worker, id)))).Select(c => c.Run!)];
    }

    private Task<SettleOutcome> CompleteWithRowAsync(ClaimedRun run) => CompleteAsync(run, [(InsertRow, Row(run.Id, 1))]);

    private Task<SettleOutcome> CompleteAsync(ClaimedRun run, params (string Sql, object? Parameters)[] effects) =>
        One.Get<CompleteRuns>().ExecuteAsync(One.Completion(run) with { Effects = Effects(effects) }, CancellationToken.None);

    private IReadOnlyList<Effect> Effects(params (string Sql, object? Parameters)[] effects)
    {
        var collected = new CollectEffects(One.Storage.Effects.Syntax, "note");
        foreach (var (sql, parameters) in effects)
            collected.Add(collected.Read(sql, parameters));
        return collected.Effects;
    }

    private static async Task<Exception?> CaughtAsync(Func<Task> act) => await Record.ExceptionAsync(act);

    private static object Row(RunId run, int place, string body = "a") => new { run = run.ToString(), place, body };

    private async Task<IReadOnlyList<string>> EffectRowsAsync() => await One.Storage.WriteAsync(
        session => session.QueryAsync(
            "SELECT run_id, place, body FROM effect_rows ORDER BY run_id, place",
            r => string.Create(CultureInfo.InvariantCulture, $"{r.GetString(0)} {r.GetInt32(1)} {r.GetString(2)}")),
        CancellationToken.None);
}
