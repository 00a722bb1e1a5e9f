using Fleet.Core.Inbox;
using Fleet.Core.Leadership;
using Fleet.Core.Outbox;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Upgrade;

/// <summary>A database of the first schema is upgraded by every later migration, while workers are alive. Until there is a later
/// migration, <see cref="LaterMigration"/> stands for it.</summary>
public abstract class UpgradeTests(FrozenDatabase frozen) : StorageVerbs(frozen)
{
    [Fact]
    public async Task Dump_Runs_AreInEveryStateAndRowsInEveryTable()
    {
        Assert.Equal(
            Enum.GetValues<RunState>(), (await Fleet.ListAsync(db => db.Runs.Select(r => r.State).Distinct())).Order());
        Assert.Equal(
            Enum.GetValues<WorkerState>(), (await Fleet.ListAsync(db => db.Workers.Select(w => w.State).Distinct())).Order());
        Assert.Equal(
            Enum.GetValues<ScheduleStatus>(), (await Fleet.ListAsync(db => db.Schedules.Select(s => s.Status).Distinct())).Order());
        var built = frozen.Schema.Split("CREATE TABLE ").Skip(1).Select(t => t.Split(' ')[0].Trim('"'))
            // EF Core creates its own table of migrations IF NOT EXISTS.
            .Where(t => t != "IF");
        Assert.Equal(built.Order(StringComparer.Ordinal), frozen.Tables.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Upgrade_Rows_AreKept()
    {
        var before = await frozen.ReadRowsAsync(frozen.Tables);

        await frozen.UpgradeAsync();

        Assert.NotEmpty(before);
        Assert.Equal(before, await frozen.ReadRowsAsync(frozen.Tables));
    }

    /// <summary>Workers of the version before run on during the upgrade, and they name only the columns that they know.</summary>
    [Fact]
    public async Task Upgrade_RowsOfTheVersionBefore_AreStillTaken()
    {
        var before = await frozen.ReadRowsAsync(frozen.Tables);
        await frozen.UpgradeAsync();
        await frozen.ExecuteAsync(string.Concat(frozen.Tables.Keys.Select(table => $"DELETE FROM {table};\n")));

        await frozen.ExecuteAsync(frozen.Rows);

        Assert.Equal(before, await frozen.ReadRowsAsync(frozen.Tables));
    }

    /// <summary>The connections, prepared statements and plans of a process that was started before the upgrade.</summary>
    [Fact]
    public async Task Upgrade_WithAProcessAlive_TheProcessWorksOn()
    {
        // The driver prepares a statement when it has been used a few times.
        for (var i = 0; i < 6; i++)
            await WorkAsync(i);

        await frozen.UpgradeAsync();

        for (var i = 6; i < 9; i++)
            await WorkAsync(i);
    }

    [Fact]
    public async Task Upgrade_WaitingAndOrphanedRuns_AreExecuted()
    {
        await frozen.UpgradeAsync();
        Time.Advance(TimeSpan.FromMinutes(10));

        // Of the worker that has been silent since.
        Assert.Equal(2, await Fleet.RescueAsync());
        var worker = await Fleet.RegisterAsync();
        foreach (var tag in new[] { "waiting", "keyed", "followUp", "retrying", "snoozed", "replayed", "crashed", "running" })
        {
            var run = await RunAsync(tag);
            Assert.Equal(SettleOutcome.Settled, await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, run.Id)));
            Assert.Equal(RunState.Succeeded, (await Fleet.ReadAsync(run.Id)).State);
        }

        Assert.Equal(
            (RunState.Canceled, CancelCause.Person), ((await RunAsync("stopping")).State, (await RunAsync("stopping")).CancelCause));
        Assert.Equal(2, (await RunAsync("crashed")).Attempt);
        Assert.Equal(ClaimStatus.Duplicate, (await Fleet.TryClaimAsync(worker, (await RunAsync("succeeded")).Id)).Status);
        Assert.Equal((await RunAsync("keyed")).Id, await Fleet.EnqueueAsync(FillDatabase.Keyed));
    }

    [Fact]
    public async Task Upgrade_Schedules_Fire()
    {
        await frozen.UpgradeAsync();
        Time.Advance(TimeSpan.FromMinutes(10));

        await Fleet.Get<ControlSchedules>().StartAsync("paused", new(Somebody.You), CancellationToken.None);
        await PlanAsync();

        var worker = await Fleet.RegisterAsync();
        foreach (var schedule in new[] { "every", "jittered" })
        {
            var due = await Fleet.ListAsync(
                db => db.Pending.Where(r => r.ScheduleId == schedule && r.DueAt <= Fleet.Now).OrderBy(r => r.FireTime));
            Assert.NotEmpty(due);
            await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, due[0].Id));
        }

        Assert.NotEmpty(await Fleet.ListAsync(db => db.Pending.Where(r => r.ScheduleId == "paused" && r.DueAt > Fleet.Now)));
        Assert.Empty(await Fleet.ListAsync(db => db.Pending.Where(r => r.ScheduleId == "stopped")));
    }

    [Fact]
    public async Task Upgrade_EndedRuns_AreListedWithTheirHistoryAndReplayed()
    {
        await frozen.UpgradeAsync();
        var until = Fleet.Now.AddHours(1);

        var (succeeded, failed) = (await RunAsync("succeeded"), await RunAsync("failed"));
        Assert.Contains(succeeded.Id, await Fleet.ListAsync(db => db.Succeeded(Verbs.Noon.AddDays(-1), until).Select(r => r.Id)));
        var ended = await Fleet.ListAsync(db => db.FailedOrCanceled(until).Select(r => r.Id));
        Assert.Contains(failed.Id, ended);
        Assert.Contains((await RunAsync("canceled")).Id, ended);
        Assert.Equal("""{"text":"it's done"}""", succeeded.Output);
        var history = await Fleet.Get<GetRuns>().FindHistoryAsync((await RunAsync("replayed")).Id, CancellationToken.None);
        Assert.Equal((1, "boom"), (history!.Replays.Count, history.Replays[0].FromError));
        Assert.Equal(AttemptOutcome.Failed, Assert.Single(history.Attempts).Outcome);

        await Fleet.ReplayAsync(failed.Id);
        var worker = await Fleet.RegisterAsync();
        await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, failed.Id));
        Assert.Equal(RunState.Succeeded, (await Fleet.ReadAsync(failed.Id)).State);
    }

    [Fact]
    public async Task Upgrade_Messages_AreSentOnceAndRecognised()
    {
        var identity = (await Fleet.ListAsync(db => db.Leases.Where(l => l.Name == FleetIdentity.RowName)))[0].Owner;
        await frozen.UpgradeAsync();
        Time.Advance(TimeSpan.FromMinutes(10));

        await Fleet.Get<DispatchOutbox>().ExecuteAsync(CancellationToken.None);

        Assert.Equal(["order.paid", "order.refused"], Fleet.Transport.Events.Select(e => e.Name).Order(StringComparer.Ordinal));
        Assert.Empty(await Fleet.ListAsync(db => db.Outbox));
        Assert.Empty(
            await Fleet.Storage.WriteAsync(
                session => Fleet.Get<AcceptMessages>().ExecuteAsync(
                    session, FillDatabase.Consumer, [FillDatabase.Handled], CancellationToken.None),
                CancellationToken.None));
        Assert.Equal(identity, await Fleet.Get<FleetIdentity>().GetAsync(CancellationToken.None));
        Assert.Single(await Fleet.ListAsync(db => db.RunLogs));
    }

    /// <summary>What a process does all day, the look-ahead of schedules and the lists included.</summary>
    private async Task WorkAsync(int round)
    {
        Time.Advance(TimeSpan.FromSeconds(30));
        await Fleet.RescueAsync();
        await PlanAsync();
        var worker = await Fleet.RegisterAsync();
        await Fleet.CompleteAsync(await Fleet.StartAsync(worker, new EnqueueOptions { IdempotencyKey = $"round-{round}" }));
        var failed = await Fleet.StartAsync(worker);
        await Fleet.FailAsync(failed);
        await Fleet.ReplayAsync(failed.Id);
        await Fleet.ReleaseAsync(await Fleet.ClaimAsync(worker, failed.Id));
        await Fleet.CancelAsync(failed.Id);
        var due = await Fleet.ListAsync(
            db => db.Pending.Where(r => r.ScheduleId == "every" && r.DueAt <= Fleet.Now).OrderBy(r => r.FireTime));
        await Fleet.CompleteAsync(await Fleet.ClaimAsync(worker, due[0].Id));

        var until = Fleet.Now.AddHours(1);
        Assert.NotEmpty(await Fleet.ListAsync(db => db.Runs.OrderByDescending(r => r.Id).Take(20)));
        Assert.NotEmpty(await Fleet.ListAsync(db => db.Succeeded(Verbs.Noon.AddDays(-1), until)));
        Assert.NotEmpty(await Fleet.ListAsync(db => db.FailedOrCanceled(until)));
        await Fleet.ListAsync(db => db.Running);
        Assert.Equal(2, (await Fleet.Get<GetRuns>().FindHistoryAsync(failed.Id, CancellationToken.None))!.Attempts.Count);
        Assert.NotEmpty(await Fleet.ListAsync(db => db.Schedules));
        Assert.NotEmpty(await Fleet.ListAsync(db => db.Workers));
        await Fleet.ExpireAsync(worker);
    }

    private async Task PlanAsync() =>
        await Fleet.Get<PlanOccurrences>().ExecuteAsync(await Fleet.LeadAsync(), TimeSpan.FromSeconds(30), CancellationToken.None);

    private async Task<Run> RunAsync(string tag)
    {
        var tags = $"[\"{tag}\"]";
        return Assert.Single(await Fleet.ListAsync(db => db.Runs.AsNoTracking().Where(r => r.Tags == tags)));
    }
}

public sealed class UpgradeSqliteTests() : UpgradeTests(new FrozenSqlite());

public sealed class UpgradePostgresTests(PostgresServer server) : UpgradeTests(new FrozenPostgres(server));
