using Fleet.Core.Inbox;
using Fleet.Core.Leadership;
using Fleet.Core.Runs;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Workers;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task PruneRuns_OldRuns_AreDeletedWithAllThatIsTheirs()
    {
        var worker = await One.RegisterAsync();
        var succeeded = await One.StartAsync(worker);
        await One.FailAsync(succeeded, TimeSpan.Zero);
        await One.CompleteAsync(await One.ClaimAsync(worker, succeeded.Id));
        var failed = await One.StartAsync(worker);
        await One.FailAsync(failed);
        await One.ReplayAsync(failed.Id);
        await One.FailAsync(await One.ClaimAsync(worker, failed.Id));
        var canceled = await One.EnqueueAsync();
        await One.CancelAsync(canceled);
        var pending = await DelayAsync(3600);
        var running = await One.StartAsync(worker);
        await WriteAsync(async session =>
        {
            session.Db.RunLogs.AddRange(Log(succeeded.Id), Log(failed.Id));
            await One.Get<AcceptMessages>().ExecuteAsync(session, "c", [Guid.CreateVersion7(One.Now)], CancellationToken.None);
            return await session.Db.SaveChangesAsync();
        });

        Assert.Equal(0, await PruneAsync(succeededHours: 1, otherHours: 2));
        Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        Assert.Equal(1, await PruneAsync(succeededHours: 1, otherHours: 2));
        Assert.Equal(Sorted(failed.Id, canceled, pending, running.Id), await IdsAsync());
        Assert.Empty(await One.AttemptsAsync(succeeded.Id));
        Assert.Equal(failed.Id, Assert.Single(await One.ListAsync(db => db.RunLogs)).RunId);

        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(2, await PruneAsync(succeededHours: 1, otherHours: 2));
        Assert.Equal(Sorted(pending, running.Id), await IdsAsync());
        Assert.Empty(await One.ListAsync(db => db.Attempts));
        Assert.Empty(await One.ListAsync(db => db.Replays));
        Assert.Empty(await One.ListAsync(db => db.RunLogs));
        Assert.Single(await One.ListAsync(db => db.Workers));
        Assert.Single(await One.ListAsync(db => db.Inbox));

        Time.Advance(TimeSpan.FromHours(1));
        await PruneAsync(succeededHours: 1, otherHours: 2);
        Assert.Empty(await One.ListAsync(db => db.Inbox));
    }

    [Fact]
    public async Task PruneRuns_RunOfADeadWorkerIsLeft_KeepsTheWorkerUntilItIsRescued()
    {
        var worker = await One.RegisterAsync();
        var run = await One.StartAsync(worker);
        await One.Get<RegisterWorkers>().LeaveAsync(worker, CancellationToken.None);
        await WriteAsync(session => session.Db.Workers.ExecuteUpdateAsync(set => set.SetProperty(w => w.HeartbeatAt, One.Now)));
        Time.Advance(TimeSpan.FromHours(2));

        await PruneAsync(1, 1);
        Assert.Single(await One.ListAsync(db => db.Workers));
        Assert.Equal(1, await One.RescueAsync());
        Assert.Equal(RunState.Pending, (await One.ReadAsync(run.Id)).State);
        await PruneAsync(1, 1);
        Assert.Empty(await One.ListAsync(db => db.Workers));
    }

    [Fact]
    public async Task PruneRuns_MoreThanABatch_LeavesTheRestForTheNextPass()
    {
        await WriteAsync(async session =>
        {
            session.Db.Runs.AddRange(Enumerable.Range(0, PruneRuns.BatchSize + 1).Select(_ => new Run
            {
                Id = RunId.New(One.Now),
                Job = "note",
                Lane = "default",
                State = RunState.Succeeded,
                FinishedAt = One.Now,
            }));
            return await session.Db.SaveChangesAsync();
        });
        Time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(PruneRuns.BatchSize, await PruneAsync(1, 1));
        Assert.Equal(1, await PruneAsync(1, 1));
        Assert.Empty(await One.ListAsync(db => db.Runs));
    }

    [Fact]
    public async Task PruneRuns_MoreInboxEntriesThanABatch_LeavesTheRestForTheNextPass()
    {
        await WriteAsync(async session =>
        {
            session.Db.Inbox.AddRange(Enumerable.Range(0, PruneRuns.BatchSize + 1).Select(_ => new InboxMessage
            {
                Consumer = "c",
                MessageId = Guid.CreateVersion7(One.Now),
                ReceivedAt = One.Now,
            }));
            return await session.Db.SaveChangesAsync();
        });
        Time.Advance(TimeSpan.FromHours(4));

        Assert.Equal((0, true), await PruneOnceAsync());
        Assert.Single(await One.ListAsync(db => db.Inbox));
        Assert.Equal((0, false), await PruneOnceAsync());
        Assert.Empty(await One.ListAsync(db => db.Inbox));
    }

    [Fact]
    public async Task PruneRuns_TermIsOver_DeletesNothing()
    {
        await One.CancelAsync(await One.EnqueueAsync());
        var term = await One.LeadAsync();
        Time.Advance(TimeSpan.FromHours(2));

        await Assert.ThrowsAsync<TermLostException>(
            () => One.Get<PruneRuns>().ExecuteAsync(
                term with { Number = term.Number - 1 }, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, CancellationToken.None));
        Assert.Single(await One.ListAsync(db => db.Runs));
    }

    private async Task<(int Runs, bool More)> PruneOnceAsync() => await One.Get<PruneRuns>().ExecuteAsync(
        await One.LeadAsync(), TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(3), CancellationToken.None);

    private async Task<int> PruneAsync(int succeededHours, int otherHours) => (await One.Get<PruneRuns>().ExecuteAsync(
        await One.LeadAsync(), TimeSpan.FromHours(succeededHours), TimeSpan.FromHours(otherHours), keepInbox: TimeSpan.FromHours(3),
        CancellationToken.None)).Runs;

    private RunLogLine Log(RunId id) => new() { RunId = id, At = One.Now, Message = "m" };

    private static string[] Sorted(params RunId[] ids) => [.. ids.Select(id => id.ToString()).Order(StringComparer.Ordinal)];

    private async Task<string[]> IdsAsync() => Sorted([.. (await One.ListAsync(db => db.Runs)).Select(r => r.Id)]);
}
