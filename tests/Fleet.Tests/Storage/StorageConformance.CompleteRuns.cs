using Fleet.Core.Runs;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task CompleteRuns_OwnToken_SucceedsWithOutput()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        Time.Advance(TimeSpan.FromSeconds(3));

        var outcome = await One.Get<CompleteRuns>().ExecuteAsync(One.Completion(run) with { Output = "42" }, CancellationToken.None);

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((SettleOutcome.Settled, RunState.Succeeded, "42", One.Now), (outcome, row.State, row.Output, row.FinishedAt));
    }

    [Fact]
    public async Task CompleteRuns_RunThatReportedProgress_EndsAtTheWhole()
    {
        var worker = await One.RegisterAsync();
        var (silent, told) = (await One.StartAsync(worker), await One.StartAsync(worker));
        await WriteAsync(
            session => session.Db.Runs.Where(r => r.Id == told.Id).ExecuteUpdateAsync(set => set.SetProperty(r => r.Progress, 0.8)));

        await One.CompleteAsync(silent);
        await One.CompleteAsync(told);

        Assert.Equal((null, 1.0), ((await One.ReadAsync(silent.Id)).Progress, (await One.ReadAsync(told.Id)).Progress));
    }

    [Fact]
    public async Task CompleteRuns_StaleToken_IsRefusedAndStoresNothing()
    {
        var worker = await One.RegisterAsync();
        var stale = await One.StartAsync(worker);
        await One.FailAsync(stale, TimeSpan.Zero);
        var current = await One.ClaimAsync(worker, stale.Id);

        var outcome = await One.Get<CompleteRuns>().ExecuteAsync(
            One.Completion(stale) with { Output = "1", FollowUps = [One.NewRun()], Events = [Event()] }, CancellationToken.None);

        var row = await One.ReadAsync(stale.Id);
        Assert.Equal(
            (SettleOutcome.LeaseLost, RunState.Running, null, current.LeaseToken), (outcome, row.State, row.Output, row.LeaseToken));
        Assert.Single(await One.ListAsync(db => db.Runs));
        Assert.Empty(await One.ListAsync(db => db.Outbox));
        Assert.Equal(SettleOutcome.Settled, await One.CompleteAsync(current));
    }

    [Fact]
    public async Task CompleteRuns_AfterTheHandlersOwnTransaction_ReturnsAlreadyCompleted()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await using (var db = One.Storage.Read())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            await One.Get<CompleteRuns>().ExecuteInAsync(
                transaction.GetDbTransaction(), One.Completion(run) with { Output = "1" }, CancellationToken.None);
            await transaction.CommitAsync();
        }

        Assert.Equal(SettleOutcome.AlreadyCompleted, await One.CompleteAsync(run));
        Assert.Equal("1", (await One.ReadAsync(run.Id)).Output);
    }

    [Fact]
    public async Task CompleteRuns_InATransactionThatIsRolledBack_LeavesTheRunRunning()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await using (var db = One.Storage.Read())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            await One.Get<CompleteRuns>().ExecuteInAsync(
                transaction.GetDbTransaction(), One.Completion(run) with { FollowUps = [One.NewRun()], Events = [Event()] },
                CancellationToken.None);
            await transaction.RollbackAsync();
        }

        Assert.Equal(RunState.Running, Assert.Single(await One.ListAsync(db => db.Runs)).State);
        Assert.Empty(await One.ListAsync(db => db.Outbox));
    }

    [Fact]
    public async Task CompleteRuns_AfterWorkWithALostLease_RollsBackTheWork()
    {
        var worker = await One.RegisterAsync();
        var stale = await One.StartAsync(worker);
        await One.ReleaseAsync(stale);

        await Assert.ThrowsAsync<LeaseLostException>(() => One.Get<CompleteRuns>().ExecuteAfterAsync(
            async (transaction, ct) => await One.Storage.Statements.InsertAsync(new StorageSession(transaction), [One.NewRun()], ct),
            () => One.Completion(stale),
            CancellationToken.None));

        Assert.Equal(RunState.Pending, Assert.Single(await One.ListAsync(db => db.Runs)).State);
    }

    /// <summary>Follow-ups that cannot exist yet, as most: on PostgreSQL they go along with the completion in one statement.</summary>
    [Fact]
    public async Task CompleteRuns_ManyBringFollowUpsAndEvents_StoresThoseOfTheSettledOnesOnly()
    {
        var worker = await One.RegisterAsync();
        var stale = await One.StartAsync(worker);
        await One.ReleaseAsync(stale);
        var again = await One.ClaimAsync(worker, stale.Id);
        var (plain, first, second) = (await One.StartAsync(worker), await One.StartAsync(worker), await One.StartAsync(worker));
        NewRun New(bool staged, string lane = "default") => One.NewRun() with { Staged = staged, MayExist = false, Lane = lane };
        Completion[] completions =
        [
            One.Completion(plain),
            One.Completion(first) with
            {
                Output = "1",
                FollowUps = [New(true), New(false), New(true, "other")],
                Events = [Event(first.Id), Event(first.Id)],
            },
            One.Completion(stale) with { FollowUps = [New(true)], Events = [Event(stale.Id)] },
            One.Completion(second) with { FollowUps = [New(true)], Events = [Event(second.Id)] },
        ];

        var outcomes = await Task.WhenAll(completions.Select(c => One.Get<CompleteRuns>().ExecuteAsync(c, CancellationToken.None)));

        Assert.Equal([SettleOutcome.Settled, SettleOutcome.Settled, SettleOutcome.LeaseLost, SettleOutcome.Settled], outcomes);
        var stored = await One.ListAsync(db => db.Runs.Where(r => r.State == RunState.Pending));
        Assert.Equal(
            completions.Where(c => c.Id != stale.Id).SelectMany(c => c.FollowUps).Select(f => (f.Id, f.Lane, f.Staged)).OrderBy(f => f.Id),
            stored.Select(f => (f.Id, f.Lane, f.Staged)).OrderBy(f => f.Id));
        var events = await One.ListAsync(db => db.Outbox.OrderBy(m => m.Id));
        Assert.Equal(3, events.Count);
        Assert.Equal(completions[1].Events.Select(e => e.MessageId), events.Where(e => e.RunId == first.Id).Select(e => e.MessageId));
        // The staged ones are found when their nudges are lost, and each can be claimed.
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2, (await One.Storage.ReadWaitingAsync("default", One.Now, 10, CancellationToken.None)).Count);
        Assert.Single(await One.Storage.ReadWaitingAsync("other", One.Now, 10, CancellationToken.None));
        foreach (var run in stored)
            await One.ClaimAsync(worker, run.Id);
        Assert.Equal(RunState.Running, (await One.ReadAsync(again.Id)).State);
        Assert.Equal(SettleOutcome.AlreadyCompleted, await One.Get<CompleteRuns>().ExecuteAsync(completions[1], CancellationToken.None));
        Assert.Equal(3, (await One.ListAsync(db => db.Outbox)).Count);
    }

    [Fact]
    public async Task CompleteRuns_WithFollowUpsAndEvents_StoresThemTogether()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        var (followUp, message) = (One.NewRun() with { ParentId = run.Id }, Event(run.Id));

        await One.Get<CompleteRuns>().ExecuteAsync(
            One.Completion(run) with { FollowUps = [followUp], Events = [message] }, CancellationToken.None);

        var child = await One.ReadAsync(followUp.Id);
        Assert.Equal((RunState.Pending, run.Id), (child.State, child.ParentId));
        var stored = Assert.Single(await One.ListAsync(db => db.Outbox));
        Assert.Equal(
            (message.MessageId, "order.paid", """{"id":1}""", run.Id, 0),
            (stored.MessageId, stored.Name, stored.Body, stored.RunId, stored.Failures));
    }

    [Fact]
    public async Task Complete_Batch_RefusesOnlyTheStale()
    {
        var worker = await One.RegisterAsync();
        var (a, b, c) = (await One.StartAsync(worker), await One.StartAsync(worker), await One.StartAsync(worker));
        Completion[] batch = [
            One.Completion(a), One.Completion(b) with { LeaseToken = b.LeaseToken + 1 }, One.Completion(c), One.Completion(a)];

        var outcomes = await One.Storage.WriteAsync(
            session => One.Storage.Statements.CompleteAsync(session, batch, CancellationToken.None), CancellationToken.None);

        Assert.Equal([SettleOutcome.Settled, SettleOutcome.LeaseLost, SettleOutcome.Settled, SettleOutcome.AlreadyCompleted], outcomes);
        Assert.Equal(RunState.Running, (await One.ReadAsync(b.Id)).State);
    }

    [Fact]
    public async Task CompleteRuns_CancelRequested_SucceedsAllTheSame()
    {
        var run = await One.StartAsync(await One.RegisterAsync());
        await One.CancelAsync(run.Id);

        Assert.Equal(SettleOutcome.Settled, await One.CompleteAsync(run));

        var row = await One.ReadAsync(run.Id);
        Assert.Equal((RunState.Succeeded, null, null), (row.State, row.Error, row.CancelRequestedAt));
    }

    private OutboxMessage Event(RunId? run = null) => new()
    {
        MessageId = Guid.CreateVersion7(One.Now),
        Name = "order.paid",
        Body = """{"id":1}""",
        RunId = run,
        CreatedAt = One.Now,
    };
}
