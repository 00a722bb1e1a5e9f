using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Loops;

/// <summary>One item of a loop that the database refuses each time: the loop goes on with the others.</summary>
public abstract class PoisonedLoopsTests(TestDatabase database) : StorageVerbs(database)
{
    [Fact]
    public async Task PlanOccurrences_OneScheduleCannotBeStored_TheOthersArePlannedAndItIsTriedAgain()
    {
        foreach (var id in new[] { "bad", "a", "b" })
            await PutAsync(id);
        await ExecuteAsync(Refuse("runs", "schedule_id", "'bad'"));

        Assert.Equal((6, false), await PlanAsync());

        Assert.Equal(["a", "b"], (await Fleet.ListAsync(db => db.Runs.Select(r => r.ScheduleId))).Distinct().Order());
        // While it is left out, nobody takes the leader's lock for it; what comes due of the others is planned together again.
        Assert.Equal((0, false), await PlanAsync());
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((2, false), await PlanAsync());
        await ExecuteAsync(Accept("runs"));
        Time.Advance(TimeSpan.FromMinutes(1));
        await PlanAsync();
        Assert.NotEmpty(await Fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "bad")));
    }

    [Fact]
    public async Task RescueRuns_OneRunCannotBeRescued_TheOthersAre()
    {
        var worker = await Fleet.RegisterAsync();
        var (bad, good) = (await Fleet.StartAsync(worker), await Fleet.StartAsync(worker));
        await ExecuteAsync(Refuse("attempts", "run_id", Literal(bad.Id)));
        await Fleet.ExpireAsync(worker);

        Assert.Equal(1, await Fleet.RescueAsync());

        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(good.Id)).State);
        Assert.Equal(RunState.Running, (await Fleet.ReadAsync(bad.Id)).State);
        // Later orphans are not held up by it either.
        var other = await Fleet.RegisterAsync();
        var later = await Fleet.StartAsync(other);
        await Fleet.ExpireAsync(other);
        Assert.Equal(1, await Fleet.RescueAsync());
        Assert.Equal(RunState.Pending, (await Fleet.ReadAsync(later.Id)).State);
        await ExecuteAsync(Accept("attempts"));
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await Fleet.RescueAsync());
        Assert.Equal((RunState.Pending, 1), ((await Fleet.ReadAsync(bad.Id)).State, (await Fleet.ReadAsync(bad.Id)).Crashes));
    }

    /// <summary>Has the database refuse rows of one value.</summary>
    protected abstract string Refuse(string table, string column, string value);

    /// <summary>Ends it.</summary>
    protected abstract string Accept(string table);

    protected abstract string Literal(RunId id);

    private Task<int> ExecuteAsync(string sql) =>
        Fleet.Storage.WriteAsync(scope => scope.Db.Database.ExecuteSqlRawAsync(sql), CancellationToken.None);

    private Task<PutResult> PutAsync(string id) => Fleet.Get<PutSchedules>().ExecuteAsync(
        new ScheduleRequest { Id = id, Job = "note", Trigger = new TriggerSpec { Every = "10s" } }, "api", Somebody.Me,
            CancellationToken.None);

    private async Task<(int Planned, bool More)> PlanAsync() =>
        await Fleet.Get<PlanOccurrences>().ExecuteAsync(await Fleet.LeadAsync(), TimeSpan.FromSeconds(30), CancellationToken.None);
}

public sealed class PoisonedLoopsSqliteTests() : PoisonedLoopsTests(new SqliteDatabase())
{
    protected override string Refuse(string table, string column, string value) =>
        $"CREATE TRIGGER refuse_{table} BEFORE INSERT ON fleet_{table} WHEN NEW.{column} = {value} "
            + "BEGIN SELECT RAISE(ABORT, 'refused'); END";

    protected override string Accept(string table) => $"DROP TRIGGER refuse_{table}";

    protected override string Literal(RunId id) => $"X'{Convert.ToHexString(id.Value.ToByteArray(bigEndian: true))}'";
}

public sealed class PoisonedLoopsPostgresTests(PostgresServer server) : PoisonedLoopsTests(new PostgresDatabase(server))
{
    protected override string Refuse(string table, string column, string value) => $"""
        CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse_{table} BEFORE INSERT ON fleet.{table}
            FOR EACH ROW WHEN (NEW.{column} = {value}) EXECUTE FUNCTION refuse_{table}()
        """;

    protected override string Accept(string table) => $"DROP TRIGGER refuse_{table} ON fleet.{table}";

    protected override string Literal(RunId id) => $"'{id.Value}'";
}
