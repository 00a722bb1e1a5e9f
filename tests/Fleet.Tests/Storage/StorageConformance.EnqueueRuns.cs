using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task EnqueueRuns_DueNow_IsPendingWithItsFieldsAndNudged()
    {
        var id = await One.EnqueueAsync(new EnqueueOptions { Lane = "fast", Tags = ["a", "b"], MaxAttempts = 7, IdempotencyKey = "k" });

        var run = await One.ReadAsync(id);
        Assert.Equal((RunState.Pending, true, 0, 0, 0), (run.State, run.Staged, run.Attempt, run.AttemptOffset, run.Crashes));
        Assert.Equal(
            ("note", "fast", """{"text":"a"}""", """["a","b"]""", 7, "k"),
            (run.Job, run.Lane, run.Args, run.Tags, run.MaxAttempts, run.IdempotencyKey));
        Assert.Equal((One.Now, One.Now), (run.DueAt, run.CreatedAt));
        Assert.Equal(("fast", id), await One.Transport.NextAsync());
    }

    [Fact]
    public async Task EnqueueRuns_Delayed_IsNotStaged()
    {
        var run = await One.ReadAsync(await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromMinutes(5) }));

        Assert.Equal((RunState.Pending, false, One.Now.AddMinutes(5)), (run.State, run.Staged, run.DueAt));
    }

    [Fact]
    public async Task EnqueueRuns_OfAllKindsInOneBatch_KeepTheirFields()
    {
        var simple = One.NewRun() with { Staged = true, MayExist = false };
        NewRun[] runs =
        [
            simple,
            simple with { Id = RunId.New(One.Now), Job = "other", Lane = "fast", Args = """{"text":"ä"}""", Tags = """["a"]""" },
            simple with
            {
                Id = RunId.New(One.Now),
                DueAt = One.Now.AddSeconds(-1),
                MaxAttempts = 3,
                TraceParent = "00-1-2-01",
                ParentId = simple.Id,
            },
            One.NewRun(key: "k") with { Staged = true, MaxAttempts = 4, Tags = """["b"]""" },
            One.NewRun() with { MayExist = false, DueAt = One.Now.AddDays(1), ParentId = simple.Id },
            One.NewRun(schedule: "s", fireTime: One.Now) with { Overlap = OverlapPolicy.Skip, TraceParent = "00-3-4-01" },
        ];

        var outcomes = await One.InsertAsync(runs);

        Assert.Equal(runs.Select(r => new EnqueueOutcome(EnqueueStatus.Inserted, r.Id)), outcomes);
        var stored = await One.ListAsync(db => db.Runs.OrderBy(r => r.Id));
        Assert.Equal(
            runs.OrderBy(
                r => r.Id).Select(r => (
                    r.Id, r.Job, r.Lane, r.Args, r.CreatedAt, r.DueAt, r.Staged, r.MaxAttempts, r.IdempotencyKey, r.Tags, r.TraceParent,
                    r.ParentId, r.ScheduleId, r.FireTime, r.Overlap)),
            stored.Select(
                r => (
                    r.Id, r.Job, r.Lane, r.Args, r.CreatedAt, r.DueAt, r.Staged, r.MaxAttempts, r.IdempotencyKey, r.Tags, r.TraceParent,
                    r.ParentId, r.ScheduleId, r.FireTime, r.Overlap)));
        Assert.All(
            stored,
            r => Assert.Equal(
                (RunState.Pending, 0, 0, 0, 0L, false), (r.State, r.Attempt, r.AttemptOffset, r.Crashes, r.LeaseToken, r.Revoked)));
    }

    [Fact]
    public async Task EnqueueRuns_100AtOnceWithOneKeyFromTwoProcesses_MakeOneRun()
    {
        var two = Open();
        var options = new EnqueueOptions { IdempotencyKey = "once" };

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            i => Task.Run(() => (i % 2 == 0 ? One : two).Get<EnqueueRuns>().ExecuteAsync(Verbs.Request(options), CancellationToken.None))));

        Assert.Single(outcomes.Select(o => o.Id).Distinct());
        Assert.Single(outcomes, o => o.Status == EnqueueStatus.Inserted);
        Assert.Equal(outcomes[0].Id, Assert.Single(await One.ListAsync(db => db.Runs)).Id);
    }

    [Fact]
    public async Task EnqueueRuns_KeysThatDifferInCaseOrSpaces_AreDifferentKeys()
    {
        string[] keys = ["key", "Key", "KEY", "key ", " key", "key  "];

        var ids = new List<RunId>();
        foreach (var key in keys)
            ids.Add(await One.EnqueueAsync(new EnqueueOptions { IdempotencyKey = key }));

        Assert.Equal(keys.Length, ids.Distinct().Count());
        Assert.Equal(
            keys.Order(StringComparer.Ordinal),
            (await One.ListAsync(db => db.Runs)).Select(r => r.IdempotencyKey!).Order(StringComparer.Ordinal));
        Assert.Equal(ids[3], (await One.ListAsync(db => db.Runs.Where(r => r.IdempotencyKey == "key ")))[0].Id);
    }

    [Fact]
    public async Task EnqueueRuns_Ids_SortByTimeInTheDatabaseToo()
    {
        var ids = new List<RunId>();
        for (var i = 0; i < 10; i++)
        {
            ids.Add(await One.EnqueueAsync());
            Time.Advance(TimeSpan.FromSeconds(7));
        }

        var middle = ids[4];
        Assert.Equal(ids, await One.ListAsync(db => db.Runs.OrderBy(r => r.Id).Select(r => r.Id)));
        Assert.Equal(ids[..4], await One.ListAsync(db => db.Runs.Where(r => r.Id < middle).OrderBy(r => r.Id).Select(r => r.Id)));
    }

    [Fact]
    public async Task EnqueueRuns_SameKeyOtherArgs_IsAConflictThatNamesTheRun()
    {
        var first = await One.EnqueueAsync(new EnqueueOptions { IdempotencyKey = "k" });

        var other = Verbs.Request(new EnqueueOptions { IdempotencyKey = "k" }, """{"text":"b"}""");
        var conflict = await Assert.ThrowsAsync<IdempotencyConflictException>(
            () => One.Get<EnqueueRuns>().ExecuteAsync(other, CancellationToken.None));

        Assert.Equal(("k", first), (conflict.Key, conflict.Existing));
        Assert.Single(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task EnqueueRuns_SameKeyAfterTheRunEnded_FindsIt()
    {
        var options = new EnqueueOptions { IdempotencyKey = "k" };
        var run = await One.StartAsync(await One.RegisterAsync(), options);
        await One.CompleteAsync(run);

        Assert.Equal(run.Id, await One.EnqueueAsync(options));
    }

    [Fact]
    public async Task EnqueueRuns_ManyWithOneConflict_StoreNone()
    {
        var first = await One.EnqueueAsync(new EnqueueOptions { IdempotencyKey = "k" });

        await Assert.ThrowsAsync<IdempotencyConflictException>(() => One.Get<EnqueueRuns>().ExecuteManyAsync(
            [Verbs.Request(), Verbs.Request(new EnqueueOptions { IdempotencyKey = "k" }, "{}"), Verbs.Request()], CancellationToken.None));

        Assert.Equal(first, Assert.Single(await One.ListAsync(db => db.Runs)).Id);
    }

    [Fact]
    public async Task EnqueueRuns_ManyWithOneRefused_NameItsIndexAndStoreNone()
    {
        var refused = await Assert.ThrowsAsync<InvalidRunException>(() => One.Get<EnqueueRuns>().ExecuteManyAsync(
            [Verbs.Request(), Verbs.Request() with { Job = "note2" }], CancellationToken.None));

        Assert.Equal(("unknown_job", "runs[1].job", "note"), (refused.Error.Code, refused.Error.Field, refused.Error.Allowed));
        Assert.Empty(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task EnqueueRuns_InACommittedTransactionOfTheCaller_IsStoredUnstaged()
    {
        await using var db = One.Storage.Read();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var id = await One.EnqueueAsync(new EnqueueOptions { Transaction = transaction.GetDbTransaction() });
        await transaction.CommitAsync();

        // Nobody told Fleet of the commit, so it is the scheduler that publishes the nudge.
        var run = await One.ReadAsync(id);
        Assert.Equal((RunState.Pending, false), (run.State, run.Staged));
    }

    [Fact]
    public async Task EnqueueRuns_InARolledBackTransactionOfTheCaller_IsNotStored()
    {
        await using (var db = One.Storage.Read())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            var options = new EnqueueOptions { Transaction = transaction.GetDbTransaction() };
            await One.EnqueueAsync(options);
            await One.Get<EnqueueRuns>().ExecuteManyAsync([Verbs.Request(options), Verbs.Request(options)], CancellationToken.None);
            Assert.Equal(3, await db.Runs.CountAsync());
            await transaction.RollbackAsync();
        }

        Assert.Empty(await One.ListAsync(db => db.Runs));
        Assert.Empty(One.Transport.TakeReady());
    }

    [Fact]
    public async Task Insert_SameOccurrence_FindsTheFirst()
    {
        var first = One.NewRun(schedule: "s", fireTime: One.Now);

        await One.InsertAsync(first);
        var again = await One.InsertAsync(
            One.NewRun(schedule: "s", fireTime: One.Now), One.NewRun(schedule: "s", fireTime: One.Now.AddSeconds(1)),
            One.NewRun(schedule: "t", fireTime: One.Now));

        Assert.Equal(new EnqueueOutcome(EnqueueStatus.Existing, first.Id), again[0]);
        Assert.Equal([EnqueueStatus.Existing, EnqueueStatus.Inserted, EnqueueStatus.Inserted], again.Select(o => o.Status));
        Assert.Equal(3, (await One.ListAsync(db => db.Runs)).Count);
    }

    [Fact]
    public async Task Insert_OccurrenceThatWasRevoked_MakesANewRun()
    {
        var first = One.NewRun(schedule: "s", fireTime: One.Now);
        await One.InsertAsync(first);
        await WriteAsync(session => session.Db.Runs.ExecuteUpdateAsync(set => set.SetProperty(r => r.Revoked, true)));

        Assert.Equal(EnqueueStatus.Inserted, (await One.InsertAsync(One.NewRun(schedule: "s", fireTime: One.Now)))[0].Status);
    }

    [Fact]
    public async Task Insert_ManualRunsOfOneSchedule_AreNoOccurrences()
    {
        var outcomes = await One.InsertAsync(One.NewRun(schedule: "s"), One.NewRun(schedule: "s"));

        Assert.All(outcomes, o => Assert.Equal(EnqueueStatus.Inserted, o.Status));
    }

    [Fact]
    public async Task Insert_SameIdTwice_IsStoredOnce()
    {
        var run = One.NewRun();

        await One.InsertAsync(run);

        Assert.Equal(new EnqueueOutcome(EnqueueStatus.Existing, run.Id), Assert.Single(await One.InsertAsync(run)));
        Assert.Single(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task Insert_OneKeyTwiceInABatch_MakesOneRun()
    {
        var first = One.NewRun("k");

        var outcomes = await One.InsertAsync(first, One.NewRun("k"), One.NewRun("k", hash: "other"));

        Assert.Equal([EnqueueStatus.Inserted, EnqueueStatus.Existing, EnqueueStatus.Conflict], outcomes.Select(o => o.Status));
        Assert.All(outcomes, o => Assert.Equal(first.Id, o.Id));
    }

    [Fact]
    public async Task Write_WorkThrows_RollsBackAndTheStorageGoesOn()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => One.Storage.WriteAsync<bool>(
            async session =>
            {
                await One.Storage.Statements.InsertAsync(session, [One.NewRun()], CancellationToken.None);
                throw new InvalidOperationException();
            },
            CancellationToken.None));
        Assert.Empty(await One.ListAsync(db => db.Runs));

        await One.EnqueueAsync();
        Assert.Single(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task Write_TwoProcessesAtOnce_LoseNothing()
    {
        Verbs[] both = [One, Open()];

        var ids = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(() => both[i % 2].EnqueueAsync())));

        var stored = (await One.ListAsync(db => db.Runs)).Select(r => r.Id).ToHashSet();
        Assert.Equal(400, stored.Count);
        Assert.Superset(ids.ToHashSet(), stored);
    }

    private Task<int> WriteAsync(Func<StorageSession, Task<int>> work) => One.Storage.WriteAsync(work, CancellationToken.None);
}
