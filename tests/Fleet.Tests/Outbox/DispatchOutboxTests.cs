using Fleet.Core.Loops;
using Fleet.Core.Outbox;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Outbox;

public abstract class DispatchOutboxTests(TestDatabase database) : StorageVerbs(database)
{
    [Fact]
    public async Task DispatchOutbox_Messages_AreSentInOrderAndDeleted()
    {
        var ids = await AddAsync("a", "b", "c");

        Assert.Equal(3, await DispatchAsync());

        Assert.Equal(ids, Fleet.Transport.Events.Select(e => e.Id));
        Assert.Equal(
            ("a", "{}", "00-t"),
            (Fleet.Transport.Events.First().Name, Fleet.Transport.Events.First().Body, Fleet.Transport.Events.First().TraceParent));
        Assert.Empty(await Fleet.ListAsync(db => db.Outbox));
        Assert.Equal(0, await DispatchAsync());
    }

    [Fact]
    public async Task DispatchOutbox_OneFails_WaitsAGrowingTimeAndHoldsUpNobody()
    {
        var ids = await AddAsync("bad", "good");
        Fleet.Transport.BeforeEvent = e => _ = e.Name == "bad" ? throw new IOException("no broker") : 0;

        await DispatchAsync();

        Assert.Equal("good", Assert.Single(Fleet.Transport.Events).Name);
        foreach (var (failures, pause) in new[] { (1, 1), (2, 2), (3, 4), (4, 8) })
        {
            var waiting = Assert.Single(await Fleet.ListAsync(db => db.Outbox));
            Assert.Equal((failures, "no broker", Fleet.Now.AddSeconds(pause)), (waiting.Failures, waiting.LastError, waiting.NextTryAt));
            Assert.Equal(0, await DispatchAsync());
            Time.Advance(TimeSpan.FromSeconds(pause));
            Assert.Equal(1, await DispatchAsync());
        }

        Fleet.Transport.BeforeEvent = _ => { };
        Time.Advance(TimeSpan.FromMinutes(5));
        await DispatchAsync();
        Assert.Equal(ids[0], Fleet.Transport.Events.Last().Id);
        Assert.Empty(await Fleet.ListAsync(db => db.Outbox));
    }

    [Fact]
    public async Task DispatchOutbox_BrokerAway_CountsAgainstNobodyAndSendsWhatIsLeft()
    {
        var ids = await AddAsync("a", "b", "c");
        Fleet.Transport.Outage = e => e is IOException;
        Fleet.Transport.BeforeEvent = e => _ = e.Name == "a" ? 0 : throw new IOException("no broker");

        var error = await Assert.ThrowsAsync<IOException>(DispatchAsync);

        Assert.Equal("The outbox waits for the broker: no broker", error.Message);
        var waiting = await Fleet.ListAsync(db => db.Outbox);
        Assert.Equal(["b", "c"], waiting.Select(m => m.Name));
        Assert.All(waiting, m => Assert.Equal((0, Fleet.Now), (m.Failures, m.NextTryAt)));
        Fleet.Transport.BeforeEvent = _ => { };
        Time.Advance(Setbacks.LongestDoubt);
        await DispatchAsync();
        Assert.Equal(ids, Fleet.Transport.Events.Select(e => e.Id));
    }

    [Fact]
    public async Task DispatchOutbox_MoreThanABatchThatNobodyConfirms_DoNotHoldUpTheOthers()
    {
        await AddAsync([.. Enumerable.Repeat("hangs", DispatchOutbox.BatchSize + 50)]);
        var run = RunId.New(Fleet.Now);
        await AddAsync(run, "a", "b");
        var confirm = new TaskCompletionSource();
        Fleet.Transport.BeforeEventAsync = e => e.Name == "hangs" ? confirm.Task : Task.CompletedTask;

        var first = DispatchAsync();
        await Time.AdvanceUntilAsync(() => first.IsCompleted);
        Assert.Equal(2, await DispatchAsync());

        Assert.Equal(["a", "b"], Fleet.Transport.Events.Select(e => e.Name));
        Assert.Equal(0, await DispatchAsync());
        // What is confirmed late is not sent again.
        confirm.SetResult();
        await Waiting.UntilAsync(async () => (await Fleet.ListAsync(db => db.Outbox)).Count == 50);
        Fleet.Transport.BeforeEventAsync = _ => Task.CompletedTask;
        await Waiting.UntilAsync(async () => await DispatchAsync() == 50);
        Assert.Equal(DispatchOutbox.BatchSize + 50, Fleet.Transport.Events.Count(e => e.Name == "hangs"));
        Assert.Empty(await Fleet.ListAsync(db => db.Outbox));
    }

    [Fact]
    public async Task DispatchOutbox_OneDestinationTimesOutAgainAndAgain_CountsAgainstItsMessagesWhileOthersAreSent()
    {
        Fleet.Transport.Outage = e => e is TimeoutException;
        Fleet.Transport.BeforeEvent = e => _ = e.Name == "bad" ? throw new TimeoutException("no confirm") : 0;
        await AddAsync("bad");
        await Assert.ThrowsAsync<IOException>(DispatchAsync);
        for (var i = 0; i < 2; i++)
        {
            Time.Advance(Setbacks.LongestDoubt);
            await AddAsync("good");
            // The first time nobody can know whose fault it is.
            await Record.ExceptionAsync(DispatchAsync);
            Time.Advance(Setbacks.LongestDoubt);
            await DispatchAsync();
        }

        Assert.Equal(2, Fleet.Transport.Events.Count);
        var bad = Assert.Single(await Fleet.ListAsync(db => db.Outbox));
        Assert.InRange(bad.Failures, 1, 2);
        Assert.Equal("no confirm", bad.LastError);
    }

    [Fact]
    public async Task DispatchOutbox_SlowConfirms_AreAwaitedTogetherAcrossRunsAndInOrderWithinOne()
    {
        var runs = new[] { RunId.New(Fleet.Now), RunId.New(Fleet.Now) };
        await AddAsync(runs[0], "a1", "a2");
        await AddAsync(runs[1], "b1", "b2");
        var confirm = new TaskCompletionSource();
        var sent = new Tally();
        Fleet.Transport.BeforeSend = () =>
        {
            sent.Add();
            return confirm.Task;
        };

        var dispatch = DispatchAsync();
        await sent.ReachesAsync(2);
        confirm.SetResult();
        await dispatch;

        Assert.Equal(["a1", "a2"], Fleet.Transport.Events.Where(e => e.RunId == runs[0]).Select(e => e.Name));
        Assert.Equal(["b1", "b2"], Fleet.Transport.Events.Where(e => e.RunId == runs[1]).Select(e => e.Name));
    }

    [Fact]
    public async Task DispatchOutbox_ManyFailures_WaitFiveMinutesAtMost()
    {
        await AddAsync(failures: 1_000_000, run: null, ["bad"]);
        Fleet.Transport.BeforeEvent = _ => throw new IOException("no broker");

        await DispatchAsync();

        Assert.Equal(Fleet.Now.AddMinutes(5), Assert.Single(await Fleet.ListAsync(db => db.Outbox)).NextTryAt);
    }

    [Fact]
    public async Task DispatchOutbox_CrashBeforeTheDelete_SendsAgainUnderTheSameId()
    {
        var ids = await AddAsync("a", "b");
        using var crash = new CancellationTokenSource();
        Fleet.Transport.BeforeEvent = e =>
        {
            if (e.Name != "b")
                return;
            crash.Cancel();
            crash.Token.ThrowIfCancellationRequested();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Fleet.Get<DispatchOutbox>().ExecuteAsync(crash.Token));
        Fleet.Transport.BeforeEvent = _ => { };

        await DispatchAsync();

        Assert.Equal([ids[0], ids[0], ids[1]], Fleet.Transport.Events.Select(e => e.Id));
        Assert.Empty(await Fleet.ListAsync(db => db.Outbox));
    }

    [Fact]
    public async Task DispatchOutbox_MoreThanABatch_LeavesTheRestForTheNextPass()
    {
        await AddAsync([.. Enumerable.Range(0, DispatchOutbox.BatchSize + 1).Select(i => $"e{i}")]);

        Assert.Equal(DispatchOutbox.BatchSize, await DispatchAsync());
        Assert.Equal(1, await DispatchAsync());
        Assert.Equal($"e{DispatchOutbox.BatchSize}", Fleet.Transport.Events.Last().Name);
    }

    private Task<int> DispatchAsync() => Fleet.Get<DispatchOutbox>().ExecuteAsync(CancellationToken.None);

    private Task<Guid[]> AddAsync(params string[] names) => AddAsync(failures: 0, run: null, names);

    private Task<Guid[]> AddAsync(RunId run, params string[] names) => AddAsync(failures: 0, run, names);

    private async Task<Guid[]> AddAsync(int failures, RunId? run, string[] names)
    {
        var messages = names.Select(name => new OutboxMessage
        {
            MessageId = Guid.CreateVersion7(Fleet.Now),
            Name = name,
            Body = "{}",
            TraceParent = "00-t",
            CreatedAt = Fleet.Now,
            NextTryAt = Fleet.Now,
            Failures = failures,
            RunId = run,
        }).ToArray();
        await Fleet.Storage.WriteAsync(
            async scope =>
            {
                scope.Db.Outbox.AddRange(messages);
                return await scope.Db.SaveChangesAsync();
            },
            CancellationToken.None);
        return [.. messages.Select(m => m.MessageId)];
    }
}

public sealed class DispatchOutboxSqliteTests() : DispatchOutboxTests(new SqliteDatabase());

public sealed class DispatchOutboxPostgresTests(PostgresServer server) : DispatchOutboxTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class DispatchOutboxSqlServerTests() : DispatchOutboxTests(new SqlServerDatabase());
