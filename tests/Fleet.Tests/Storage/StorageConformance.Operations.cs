using Fleet.Core.Actors;
using Fleet.Core.Inbox;
using Fleet.Core.Leadership;
using Fleet.Core.Operations;
using Fleet.Core.Storage.Rows;
using Fleet.Storage.Postgres;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private static readonly Actor BoundToMail = Somebody.Me with { Via = new Via(Way.Api, "abcdefgh", null) { Lanes = ["mail"] } };

    [Fact]
    public async Task Operations_Replay_ReplaysEachRunOnceAndNamesTheOperation()
    {
        var failed = await FailedAsync(3);
        var succeeded = await One.StartAsync(await One.RegisterAsync());
        await One.CompleteAsync(succeeded);
        One.Transport.TakeReady();
        Later();

        var preview = await PreviewAsync(OperationKind.Replay, "job:note");
        Assert.Equal((new OperationCount(3, IsAtLeast: false), failed[^1]), (preview.Count, preview.Horizon.Newest));
        Assert.Equal(failed.Reverse(), preview.Sample.Select(r => r.Id));
        var (operation, _) = await CreateAsync(preview, r => r with { Expect = 3, Reason = "the printer works" });
        var at = One.Now;
        await ExecuteAsync(One);

        var ended = await FindAsync(operation);
        Assert.Equal((OperationState.Completed, 3, 3, 0, 0, 0), Facts(ended));
        Assert.Equal(at, ended.FinishedAt);
        foreach (var id in failed)
            Assert.Equal((RunState.Pending, 1), ((await One.ReadAsync(id)).State, (await One.ReadAsync(id)).Replays));
        Assert.Equal(RunState.Succeeded, (await One.ReadAsync(succeeded.Id)).State);
        Assert.All(
            await One.ListAsync(db => db.Replays), replay => Assert.Equal($"me by operation {operation.Id}", replay.By.Name));
        Assert.Equal(failed, (await NextAsync(3)).Order());
        var entry = Assert.Single(await One.ListAsync(db => db.Audit.Where(e => e.Action == "operation.create")));
        Assert.Equal((operation.Id, "the printer works"), (entry.Target, entry.Reason));
        Assert.Contains("\"matched\":3", entry.After, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operations_RunsThatCameLater_AreNotTouched()
    {
        var worker = await One.RegisterAsync();
        var old = await One.StartAsync(worker, new EnqueueOptions { MaxAttempts = 1 });
        var before = await FailedAsync(1);
        Later();
        var preview = await PreviewAsync(OperationKind.Replay, "state:failed");
        Assert.Equal(1, preview.Count.Value);

        // One was made later, and one that was there fails later.
        Later();
        var made = await FailedAsync(1);
        await One.FailAsync(old);
        var (operation, _) = await CreateAsync(preview, r => r with { Expect = 1 });
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 1, 1, 0, 0, 0), Facts(await FindAsync(operation)));
        Assert.Equal(RunState.Pending, (await One.ReadAsync(before[0])).State);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(made[0])).State);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(old.Id)).State);
    }

    [Fact]
    public async Task Operations_Cancel_EndsWhatWaitsAndAsksWhatRuns()
    {
        var worker = await One.RegisterAsync();
        var (waiting, delayed) = (await One.EnqueueAsync(), await One.EnqueueAsync(new EnqueueOptions { Delay = TimeSpan.FromDays(1) }));
        var (running, ended) = (await One.StartAsync(worker), await One.StartAsync(worker));
        await One.CompleteAsync(ended);
        Later();

        var preview = await PreviewAsync(OperationKind.Cancel, "job:note");
        Assert.Equal(3, preview.Count.Value);
        var (operation, _) = await CreateAsync(preview, r => r with { Reason = "wrong day" });
        var at = One.Now;
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 3, 3, 0, 0, 0), Facts(await FindAsync(operation)));
        foreach (var id in new[] { waiting, delayed })
        {
            var row = await One.ReadAsync(id);
            Assert.Equal((RunState.Canceled, "wrong day"), (row.State, row.Error));
            Assert.Equal($"me by operation {operation.Id}", row.CanceledBy!.Name);
        }

        var asked = await One.ReadAsync(running.Id);
        Assert.Equal((RunState.Running, at), (asked.State, asked.CancelRequestedAt));
    }

    [Fact]
    public async Task Operations_Delete_TakesEndedRunsOnlyAndKeepsTheirKeys()
    {
        var worker = await One.RegisterAsync();
        var done = await One.StartAsync(worker, new EnqueueOptions { IdempotencyKey = "order-1" });
        var child = One.NewRun() with { ParentId = done.Id };
        await One.InsertAsync(child);
        await One.CompleteAsync(done);
        Later();

        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Delete, "job:note"));
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 1, 1, 0, 0, 0), Facts(await FindAsync(operation)));
        Assert.Empty(await One.ListAsync(db => db.Runs.Where(r => r.Id == done.Id)));
        Assert.Equal(done.Id, (await One.ReadAsync(child.Id)).ParentId);
        Assert.Equal(done.Id, await One.EnqueueAsync(new EnqueueOptions { IdempotencyKey = "order-1" }));
    }

    [Fact]
    public async Task Operations_Delete_KeepsInboxEntryAndOccurrenceTaken()
    {
        var (worker, fireTime, message) = (await One.RegisterAsync(), One.Now, Guid.NewGuid());
        await One.InsertAsync(One.NewRun(key: "order-1", schedule: "nightly", fireTime: fireTime));
        Assert.True(await AcceptAsync());
        var occurrence = (await One.ListAsync(db => db.Runs.Select(r => r.Id))).Single();
        await One.CompleteAsync(await One.ClaimAsync(worker, occurrence));
        Later();

        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Delete, "job:note"));
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 1, 1, 0, 0, 0), Facts(await FindAsync(operation)));
        Assert.Empty(await One.ListAsync(db => db.Runs));
        Assert.False(await AcceptAsync());
        var again = await One.InsertAsync(
            One.NewRun(key: "order-1", schedule: "nightly", fireTime: fireTime), One.NewRun(schedule: "nightly", fireTime: fireTime));
        Assert.All(again, outcome => Assert.Equal(new EnqueueOutcome(EnqueueStatus.Existing, occurrence), outcome));

        Task<bool> AcceptAsync() => One.Storage.WriteAsync(
            async session => (await One.Get<AcceptMessages>().ExecuteAsync(session, "c", [message], CancellationToken.None)).Count == 1,
            CancellationToken.None);
    }

    [Fact]
    public async Task Operations_OneRunCannotBeChanged_CountsAsFailedAndTheOthersAreChanged()
    {
        var failed = await FailedAsync(2);
        var refused = await One.StartAsync(
            await One.RegisterAsync(), new EnqueueOptions { MaxAttempts = 1, IdempotencyKey = "refused" });
        await One.FailAsync(refused);
        Later();
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"));
        await One.Storage.WriteAsync(
            session => session.Db.Database.ExecuteSqlRawAsync(RefuseUpdates), CancellationToken.None);

        await ExecuteAsync(One);

        var ended = await FindAsync(operation);
        Assert.Equal((OperationState.Completed, 3, 2, 0, 0, 1), Facts(ended));
        Assert.StartsWith($"{refused.Id}: ", ended.Error, StringComparison.Ordinal);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(refused.Id)).State);
        foreach (var id in failed)
            Assert.Equal((RunState.Pending, 1), ((await One.ReadAsync(id)).State, (await One.ReadAsync(id)).Replays));
    }

    [Theory]
    [InlineData(OperationKind.Cancel)]
    [InlineData(OperationKind.Replay)]
    [InlineData(OperationKind.Delete)]
    public async Task Operations_LargeBatch_SendsAsManyStatementsAsASmallOne(OperationKind kind)
    {
        var sent = 0;
        // On SQLite, EF Core inserts one row with each statement; there they cost no round trip.
        using var hear = await HearAsync(c => sent += c.CommandText.StartsWith("INSERT", StringComparison.Ordinal) ? 0 : 1);
        var leader = Open();

        Assert.Equal(await SentAsync(2), await SentAsync(40));

        async Task<int> SentAsync(int runs)
        {
            if (kind == OperationKind.Cancel)
            {
                for (var i = 0; i < runs; i++)
                    await One.EnqueueAsync();
            }
            else
            {
                await FailedAsync(runs);
            }

            Later();
            var word = kind == OperationKind.Cancel ? "pending" : "failed";
            var (operation, _) = await CreateAsync(await PreviewAsync(kind, $"state:{word}"));
            var term = await leader.LeadAsync();
            sent = 0;
            await leader.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None);
            var all = sent;
            Assert.Equal((OperationState.Completed, runs, runs, 0, 0, 0), Facts(await FindAsync(operation)));
            Later();
            return all;
        }
    }

    /// <summary>The token carries the id of an operation, and whoever knows the fleet can write one: it must show nobody an operation over
    /// lanes that they may not see.</summary>
    [Fact]
    public async Task Operations_TokenOfAnOperationOverOtherLanes_IsRefused()
    {
        await FailedAsync(1);
        Later();
        var preview = await PreviewAsync(OperationKind.Replay, "state:failed");
        var (operation, _) = await CreateAsync(preview);
        var token = new OperationToken(Guid.Parse(operation.Id), OperationKind.Replay, One.Now, null)
            .Write(preview.Query, ["mail"], await One.Get<FleetIdentity>().GetAsync(CancellationToken.None));

        var refusal = await Assert.ThrowsAsync<InvalidRunException>(
            () => CreateAsync(preview, r => r with { Token = token }, BoundToMail));

        Assert.Equal("token_of_another_preview", refusal.Errors[0].Code);
    }

    [Fact]
    public async Task Operations_AnotherLeaderGoesOn_BehindTheLastBatch()
    {
        var failed = await FailedAsync(7);
        Later();
        // A batch has a fifth of the runs of a second: one.
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"), r => r with { Rate = 5 });
        await One.Get<ExecuteOperations>().ExecuteAsync(await One.LeadAsync(), CancellationToken.None);
        var half = await FindAsync(operation);
        Assert.Equal((OperationState.Running, 7, 1, 0, 0, 0), Facts(half));
        Assert.Equal(failed[^1], half.Cursor);

        var (old, two) = (await One.LeadAsync(), Open());
        await One.Storage.WriteAsync(
            async session =>
            {
                var lease = (await session.Db.Leases.FindAsync(LeaderLease.DefaultName))!;
                (lease.Owner, lease.Term) = ("two", lease.Term + 1);
                return await session.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<TermLostException>(() => One.Get<ExecuteOperations>().ExecuteAsync(old, CancellationToken.None));
        await ExecuteAsync(two, old with { Number = old.Number + 1 });

        Assert.Equal((OperationState.Completed, 7, 7, 0, 0, 0), Facts(await FindAsync(operation)));
        foreach (var id in failed)
            Assert.Equal(1, (await One.ReadAsync(id)).Replays);
        Assert.Equal(7, (await One.ListAsync(db => db.Replays)).Count);
    }

    [Fact]
    public async Task Operations_TwoProcessesAtOnce_GiveEachRunOneTurn()
    {
        // The cursor is compared in the transaction of the batch: what another process has taken meanwhile is not taken again.
        var failed = await FailedAsync(40);
        Later();
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"), r => r with { Rate = 5 });
        var (term, two) = (await One.LeadAsync(), Open());

        for (var i = 0; i < 200 && (await FindAsync(operation)).State == OperationState.Running; i++)
        {
            await Task.WhenAll(
                One.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None),
                two.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((OperationState.Completed, 40, 40, 0, 0, 0), Facts(await FindAsync(operation)));
        Assert.Equal(failed, (await One.ListAsync(db => db.Replays.Select(r => r.RunId))).Order());
    }

    [Fact]
    public async Task Operations_Rate_IsKept()
    {
        await FailedAsync(3);
        Later();
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"), r => r with { Rate = 1 });
        var term = await One.LeadAsync();

        Assert.Equal(TimeSpan.FromSeconds(1), await One.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None));
        Time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.Equal(TimeSpan.FromMilliseconds(100), await One.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None));
        Assert.Equal(1, (await FindAsync(operation)).Done);
        Time.Advance(TimeSpan.FromMilliseconds(100));
        await One.Get<ExecuteOperations>().ExecuteAsync(term, CancellationToken.None);
        Assert.Equal(2, (await FindAsync(operation)).Done);
    }

    [Fact]
    public async Task Operations_RunsThatChangedMeanwhile_AreSkippedAndCounted()
    {
        var failed = await FailedAsync(4);
        Later();
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"), r => r with { Rate = 5 });
        await One.Get<ExecuteOperations>().ExecuteAsync(await One.LeadAsync(), CancellationToken.None);

        // The first has had its turn.
        await One.ReplayAsync(failed[2]);
        await One.DeleteAsync(failed[1]);
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 4, 2, 1, 1, 0), Facts(await FindAsync(operation)));
        Assert.Equal(1, (await One.ReadAsync(failed[2])).Replays);
    }

    [Fact]
    public async Task Operations_Canceled_StopsWhereItIs()
    {
        var failed = await FailedAsync(3);
        Later();
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "state:failed"), r => r with { Rate = 5 });
        await One.Get<ExecuteOperations>().ExecuteAsync(await One.LeadAsync(), CancellationToken.None);

        var cancel = One.Get<CancelOperations>();
        Assert.True((await cancel.ExecuteAsync(operation.Id, "enough", Somebody.You, CancellationToken.None))!.Value.IsStopped);
        Assert.False((await cancel.ExecuteAsync(operation.Id, null, Somebody.You, CancellationToken.None))!.Value.IsStopped);
        Assert.Null(await cancel.ExecuteAsync("nothing", null, Somebody.You, CancellationToken.None));
        await ExecuteAsync(One);

        var stopped = await FindAsync(operation);
        Assert.Equal((OperationState.Canceled, 3, 1, 0, 0, 0), Facts(stopped));
        Assert.Equal((Somebody.You, One.Now), (stopped.CanceledBy, stopped.FinishedAt));
        Assert.Equal(RunState.Failed, (await One.ReadAsync(failed[0])).State);
        var entry = Assert.Single(await One.ListAsync(db => db.Audit.Where(e => e.Action == "operation.cancel")));
        Assert.Equal((operation.Id, "enough"), (entry.Target, entry.Reason));
    }

    [Fact]
    public async Task Operations_SameTokenTwice_MakesOneOperation()
    {
        await FailedAsync(2);
        Later();
        var preview = await PreviewAsync(OperationKind.Replay, "state:failed");

        var first = await CreateAsync(preview);
        await ExecuteAsync(One);
        Time.Advance(TimeSpan.FromDays(1));
        var again = await CreateAsync(preview, r => r with { Expect = 7 });

        Assert.Equal((true, false), (first.IsNew, again.IsNew));
        Assert.Equal((first.Operation.Id, 2), (again.Operation.Id, again.Operation.Done));
        Assert.Single(await One.ListAsync(db => db.Operations));
        Assert.Single(await One.ListAsync(db => db.Audit.Where(e => e.Action == "operation.create")));
    }

    [Fact]
    public async Task Operations_WhatWasNotPreviewed_IsRefused()
    {
        await FailedAsync(2);
        Later();
        var preview = await PreviewAsync(OperationKind.Replay, "state:failed");

        Assert.Equal("unexpected_count", await RefusalAsync(r => r with { Expect = 1 }));
        Assert.Equal("token_of_another_preview", await RefusalAsync(r => r with { Query = "state:failed,canceled" }));
        Assert.Equal("token_of_another_preview", await RefusalAsync(r => r with { Kind = OperationKind.Delete }));
        Assert.Equal("token_of_another_preview", await RefusalAsync(r => r, BoundToMail));
        Assert.Equal("invalid_token", await RefusalAsync(r => r with { Token = null }));
        Assert.Equal("invalid_token", await RefusalAsync(r => r with { Token = r.Token![..^4] + "AAAA" }));
        Assert.Equal("invalid_rate", await RefusalAsync(r => r with { Rate = 0 }));
        Assert.Equal("invalid_expect", await RefusalAsync(r => r with { Expect = -1 }));
        Time.Advance(OperationRules.TokenLife + TimeSpan.FromSeconds(1));
        Assert.Equal("token_expired", await RefusalAsync(r => r));
        Assert.Empty(await One.ListAsync(db => db.Operations));

        async Task<string> RefusalAsync(Func<OperationRequest, OperationRequest> with, Actor? by = null) =>
            (await Assert.ThrowsAsync<InvalidRunException>(() => CreateAsync(preview, with, by))).Errors[0].Code;
    }

    [Theory]
    [InlineData("", "invalid_query")]
    [InlineData("stat:failed", "invalid_query")]
    [InlineData("state:running", "impossible_state")]
    public async Task Operations_QueryThatCannotBe_IsRefused(string query, string code)
    {
        var refusal = await Assert.ThrowsAsync<InvalidRunException>(() => PreviewAsync(OperationKind.Replay, query));
        Assert.Equal((code, "query"), (refusal.Errors[0].Code, refusal.Errors[0].Field));
    }

    [Fact]
    public async Task Operations_BoundToLanes_CountAndTouchTheseOnly()
    {
        var worker = await One.RegisterAsync();
        var mail = await One.StartAsync(worker, new EnqueueOptions { Lane = "mail", MaxAttempts = 1 });
        await One.FailAsync(mail);
        var others = await FailedAsync(2);
        Later();

        var preview = await PreviewAsync(OperationKind.Replay, "state:failed", BoundToMail);
        Assert.Equal(1, preview.Count.Value);
        var (operation, _) = await CreateAsync(preview, by: BoundToMail);
        Later();
        var (whole, _) = await CreateAsync(await PreviewAsync(OperationKind.Delete, "state:succeeded"));
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 1, 1, 0, 0, 0), Facts(await FindAsync(operation)));
        Assert.Equal(RunState.Pending, (await One.ReadAsync(mail.Id)).State);
        Assert.Equal(RunState.Failed, (await One.ReadAsync(others[0])).State);
        var get = One.Get<GetOperations>();
        Assert.Equal([operation.Id], (await get.ListAsync(["mail"], null, null, 10, CancellationToken.None)).Select(o => o.Id));
        Assert.Equal(
            [whole.Id, operation.Id],
            (await get.ListAsync(null, OperationState.Completed, null, 10, CancellationToken.None)).Select(o => o.Id));
        Assert.Equal([operation.Id], (await get.ListAsync(null, null, whole.Id, 10, CancellationToken.None)).Select(o => o.Id));
    }

    [Fact]
    public async Task Operations_NothingMatches_CompletesAtOnce()
    {
        var (operation, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "job:none"), r => r with { Expect = 0 });
        Later();
        await FailedAsync(1);
        await ExecuteAsync(One);

        Assert.Equal((OperationState.Completed, 0, 0, 0, 0, 0), Facts(await FindAsync(operation)));
    }

    [Fact]
    public async Task Operations_EndedLongAgo_ArePruned()
    {
        var (ended, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "job:none"));
        await ExecuteAsync(One);
        await FailedAsync(1);
        Later();
        var (running, _) = await CreateAsync(await PreviewAsync(OperationKind.Replay, "job:note"));

        // The database's clock has a say, too.
        await One.Get<PruneOperations>().ExecuteAsync(await One.LeadAsync(), TimeSpan.FromDays(-3650), CancellationToken.None);

        Assert.Equal([running.Id], await One.ListAsync(db => db.Operations.Select(o => o.Id)));
        Assert.NotEqual(ended.Id, running.Id);
    }

    /// <summary>Makes the database refuse every change of the run with the key <c>refused</c>.</summary>
    private string RefuseUpdates => One.Storage switch
    {
        SqliteStorage => """
            CREATE TRIGGER refuse_run BEFORE UPDATE ON fleet_runs WHEN NEW.idempotency_key = 'refused'
            BEGIN SELECT RAISE(ABORT, 'refused'); END
            """,
        PostgresStorage => """
            CREATE FUNCTION refuse_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
            CREATE TRIGGER refuse_run BEFORE UPDATE ON fleet.runs FOR EACH ROW WHEN (NEW.idempotency_key = 'refused')
                EXECUTE FUNCTION refuse_run()
            """,
        _ => """
            CREATE TRIGGER fleet.refuse_run ON fleet.runs AFTER UPDATE AS
            IF EXISTS (SELECT 1 FROM inserted WHERE idempotency_key = 'refused') THROW 50001, 'refused', 1
            """,
    };

    private static (OperationState State, long Matched, long Done, long Changed, long Gone, long Failed) Facts(Operation operation) =>
        (operation.State, operation.Matched, operation.Done, operation.SkippedChanged, operation.SkippedGone, operation.Failed);

    private void Later() => Time.Advance(TimeSpan.FromSeconds(1));

    /// <summary>Runs that failed for good, the oldest first.</summary>
    private async Task<RunId[]> FailedAsync(int count)
    {
        var (worker, ids) = (await One.RegisterAsync(), new List<RunId>());
        for (var i = 0; i < count; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(1));
            var run = await One.StartAsync(worker, new EnqueueOptions { MaxAttempts = 1 });
            await One.FailAsync(run);
            ids.Add(run.Id);
        }

        return [.. ids];
    }

    private Task<OperationPreview> PreviewAsync(OperationKind kind, string query, Actor? by = null) =>
        One.Get<PreviewOperations>().FindAsync(kind, query, by ?? Somebody.Me, CancellationToken.None);

    private Task<(Operation Operation, bool IsNew)> CreateAsync(
        OperationPreview preview, Func<OperationRequest, OperationRequest>? with = null, Actor? by = null)
    {
        var request = new OperationRequest(preview.Kind, preview.Query, preview.Token);
        return One.Get<CreateOperations>().ExecuteAsync(with?.Invoke(request) ?? request, by ?? Somebody.Me, CancellationToken.None);
    }

    private async Task<Operation> FindAsync(Operation operation) =>
        (await One.Get<GetOperations>().FindAsync(operation.Id, CancellationToken.None))!;

    /// <summary>Makes batches until no operation is under way.</summary>
    private async Task ExecuteAsync(Verbs leader, Term? term = null)
    {
        var leading = term ?? await leader.LeadAsync();
        while (await leader.Get<ExecuteOperations>().ExecuteAsync(leading, CancellationToken.None) is { } pause)
            Time.Advance(pause);
    }

    private async Task<List<RunId>> NextAsync(int count)
    {
        var ids = new List<RunId>();
        while (ids.Count < count)
            ids.Add((await One.Transport.NextAsync()).Item2);
        return ids;
    }
}
