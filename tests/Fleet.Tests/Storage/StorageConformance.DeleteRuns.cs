using Fleet.Core.Explain;
using Fleet.Core.Runs;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    [Fact]
    public async Task DeleteRuns_ManyAtOnce_TakesThoseThatHaveEndedAndSaysEach()
    {
        var worker = await One.RegisterAsync();
        var succeeded = await One.StartAsync(worker);
        await One.CompleteAsync(succeeded);
        var failed = await One.StartAsync(worker);
        await One.FailAsync(failed, TimeSpan.Zero);
        await One.FailAsync(await One.ClaimAsync(worker, failed.Id));
        await One.ReplayAsync(failed.Id);
        await One.FailAsync(await One.ClaimAsync(worker, failed.Id));
        var canceled = await One.EnqueueAsync();
        await One.CancelAsync(canceled);
        var (pending, running, unknown) = (await One.EnqueueAsync(), await One.StartAsync(worker), RunId.New(One.Now));
        var kept = await One.StartAsync(worker);
        await One.FailAsync(kept);
        await WriteAsync(async session =>
        {
            session.Db.RunLogs.AddRange(Log(succeeded.Id), Log(failed.Id), Log(kept.Id));
            return await session.Db.SaveChangesAsync();
        });

        RunId[] asked = [pending, canceled, unknown, succeeded.Id, running.Id, failed.Id];
        DeleteResult[] expected =
        [
            DeleteResult.NotEnded, DeleteResult.Deleted, DeleteResult.NotFound, DeleteResult.Deleted, DeleteResult.NotEnded,
            DeleteResult.Deleted,
        ];
        Assert.Equal(expected, await One.Get<DeleteRuns>().ExecuteAsync(asked, Somebody.Me, default, isDryRun: true));
        Assert.Equal(6, (await IdsAsync()).Length);
        Assert.Equal(expected, await One.Get<DeleteRuns>().ExecuteAsync(asked, Somebody.Me, default));

        Assert.Equal(Sorted(pending, running.Id, kept.Id), await IdsAsync());
        Assert.Equal(kept.Id, Assert.Single(await One.ListAsync(db => db.Attempts)).RunId);
        Assert.Equal(kept.Id, Assert.Single(await One.ListAsync(db => db.RunLogs)).RunId);
        Assert.Empty(await One.ListAsync(db => db.Replays));
        var row = await One.ReadAsync(failed.Id);
        Assert.Equal(
            ("{}", null, "failed", Somebody.Me, One.Now), (row.Args, row.ErrorType, row.DeletedFrom, row.DeletedBy, row.DeletedAt));
        Assert.Equal([DeleteResult.NotFound], await One.Get<DeleteRuns>().ExecuteAsync([failed.Id], Somebody.You, default));
        Assert.Equal(Somebody.Me, (await One.ReadAsync(failed.Id)).DeletedBy);
    }

    /// <summary>Lists, counts and the verbs do not see a deleted run, whatever its state had been.</summary>
    [Fact]
    public async Task DeleteRuns_Deleted_IsNowhere()
    {
        var worker = await One.RegisterAsync();
        var failed = await One.StartAsync(worker);
        await One.FailAsync(failed);
        var canceled = await One.EnqueueAsync();
        await One.CancelAsync(canceled);
        foreach (var id in new[] { failed.Id, canceled })
            await One.DeleteAsync(id);

        Assert.Equal(CancelResult.NotFound, await One.CancelAsync(canceled));
        Assert.Equal(ReplayResult.NotFound, await One.ReplayAsync(failed.Id));
        Assert.Null(await One.Get<GetRuns>().FindAsync(failed.Id, default));
        Assert.Null(await One.Get<GetRuns>().FindHistoryAsync(canceled, default));
        foreach (var text in new[] { "", "state:failed", "state:canceled", "state:failed,canceled", $"id:{failed.Id}", "job:note" })
        {
            var query = ParseRunQuery.Read(text, One.Now);
            Assert.Empty((await One.Get<SearchRuns>().ExecuteAsync(query, null, 10, default)).Runs);
            var count = await One.Get<CountRuns>().ExecuteAsync(query, byState: true, default);
            Assert.Equal(0, count.Number.Value);
            Assert.All(count.States.Values, states => Assert.Equal(0, states.Value));
        }
    }

    [Fact]
    public async Task DeleteRuns_KeyMessageAndFireTime_StayTaken()
    {
        var options = new EnqueueOptions { IdempotencyKey = "k", Delay = TimeSpan.FromHours(1) };
        var keyed = await One.EnqueueAsync(options);
        var occurrence = One.NewRun(schedule: "s", fireTime: One.Now);
        var submitted = One.NewRun() with { MayExist = true };
        await One.InsertAsync(occurrence, submitted);
        foreach (var id in new[] { keyed, occurrence.Id, submitted.Id })
        {
            await One.CancelAsync(id);
            Assert.Equal(DeleteResult.Deleted, await One.DeleteAsync(id));
        }

        Assert.Equal(keyed, await One.EnqueueAsync(options));
        await Assert.ThrowsAsync<IdempotencyConflictException>(() => One.EnqueueAsync(options, """{"text":"b"}"""));
        var outcomes = await One.InsertAsync(One.NewRun(schedule: "s", fireTime: One.Now), submitted);
        Assert.DoesNotContain(outcomes, o => o.Status == EnqueueStatus.Inserted);
        Assert.Empty(await IdsAsync());
        var said = await One.Get<ExplainOccurrences>().ExecuteAsync("s", One.Now, default);
        Assert.Contains("was deleted", said!.Summary, StringComparison.Ordinal);
        Assert.Equal("deleted", (await One.Get<ExplainRuns>().ExecuteAsync(keyed, default))!.Now.State);
    }

    /// <summary>What is left of a deleted run goes when a failed run of its age goes, and frees the key.</summary>
    [Fact]
    public async Task PruneRuns_DeletedRun_GoesWithRetention()
    {
        var worker = await One.RegisterAsync();
        var options = new EnqueueOptions { IdempotencyKey = "k" };
        var run = await One.StartAsync(worker, options);
        await One.CompleteAsync(run);
        await One.DeleteAsync(run.Id);
        Time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));

        Assert.Equal(0, await PruneAsync(succeededHours: 1, otherHours: 2));
        Assert.Equal(run.Id, await One.EnqueueAsync(options));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await PruneAsync(succeededHours: 1, otherHours: 2));

        Assert.NotEqual(run.Id, await One.EnqueueAsync(options));
        Assert.Null(await One.Get<ExplainRuns>().ExecuteAsync(run.Id, default));
    }

    /// <summary>A replay that comes first wins: the run is not deleted under it.</summary>
    [Fact]
    public async Task DeleteRuns_ReplayedMeanwhile_IsRefused()
    {
        var id = await One.EnqueueAsync();
        await One.CancelAsync(id);
        await One.ReplayAsync(id);

        Assert.Equal(DeleteResult.NotEnded, await One.DeleteAsync(id));
        Assert.Equal(RunState.Pending, (await One.ReadAsync(id)).State);
    }
}
