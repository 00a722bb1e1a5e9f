using Fleet.Core.Inbox;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Inbox;

public abstract class CommitMessagesTests(TestDatabase database) : StorageVerbs(database)
{
    private const string Consumer = "mail";

    private CommitMessages Commit => Fleet.Get<CommitMessages>();

    [Fact]
    public async Task CommitMessages_ManyAtOnce_StoresWhatEachLeaves()
    {
        var consumed = Enumerable.Range(0, 50).Select(_ => Consumed(NewId())).ToList();

        var outcomes = await Task.WhenAll(consumed.Select(c => Commit.ExecuteAsync(c)));

        Assert.All(outcomes, o => Assert.Equal(EnqueueStatus.Inserted, Assert.Single(o!).Status));
        Assert.Equal(consumed.Select(c => c.Runs[0].Id).Order(), outcomes.Select(o => o![0].Id).Order());
        await AssertStoredAsync(50);
        Assert.All(await Fleet.ListAsync(db => db.Inbox), row => Assert.Equal((Consumer, Fleet.Now), (row.Consumer, row.ReceivedAt)));
    }

    [Fact]
    public async Task CommitMessages_OnlyIds_AreFoundHandled()
    {
        Guid[] ids = [NewId(), NewId(), NewId()];
        await Task.WhenAll(ids.Take(2).Select(id => Commit.ExecuteAsync(new ConsumedMessages(Consumer, [id], [], []))));

        Assert.Equal([ids[2]], await Fleet.Get<FindHandledMessages>().ExecuteAsync(Consumer, ids));
        Assert.Equal(ids, await Fleet.Get<FindHandledMessages>().ExecuteAsync("invoice", ids));
        Assert.Null(await Commit.ExecuteAsync(new ConsumedMessages(Consumer, [ids[0]], [], [])));
    }

    [Fact]
    public async Task CommitMessages_TwoProcessesAtTheSameMoment_OneOfThemCounts()
    {
        await using var other = new CommitMessages(Fleet.Storage, Time);
        var ids = Enumerable.Range(0, 40).Select(_ => NewId()).ToList();

        var outcomes = await Task.WhenAll(ids.SelectMany(id => new[] { Commit, other }.Select(
            async process => (Id: id, IsStored: await process.ExecuteAsync(Consumed(id)) is not null))));

        Assert.All(outcomes.GroupBy(o => o.Id), pair => Assert.Single(pair, o => o.IsStored));
        await AssertStoredAsync(40);
    }

    [Fact]
    public async Task CommitMessages_BatchOfWhichAPartWasHandledMeanwhile_StoresNothingOfIt()
    {
        var (handled, fresh, others) = (NewId(), NewId(), NewId());
        await Commit.ExecuteAsync(Consumed(handled));

        var outcomes = await Task.WhenAll(
            Commit.ExecuteAsync(Consumed(fresh, handled)), Commit.ExecuteAsync(Consumed(others)));

        Assert.Null(outcomes[0]);
        Assert.NotNull(outcomes[1]);
        await AssertStoredAsync(2);
        Assert.DoesNotContain(await Fleet.ListAsync(db => db.Inbox), row => row.MessageId == fresh);
    }

    [Fact]
    public async Task CommitMessages_OneCannotBeStored_FailsAlone()
    {
        var bad = Consumed(NewId()) with { Messages = [NewMessage(name: null!)] };
        var good = Enumerable.Range(0, 10).Select(_ => Consumed(NewId())).ToList();

        var failing = Commit.ExecuteAsync(bad);
        await Task.WhenAll(good.Select(c => Commit.ExecuteAsync(c)));

        await Assert.ThrowsAnyAsync<Exception>(() => failing);
        await AssertStoredAsync(10);
    }

    private Guid NewId() => Guid.CreateVersion7(Fleet.Now);

    /// <summary>What a consumer leaves that has sent a message and enqueued a run.</summary>
    private ConsumedMessages Consumed(params Guid[] ids) => new(Consumer, ids, [NewMessage("order")], [Fleet.NewRun()]);

    private OutboxMessage NewMessage(string name) => new()
    {
        MessageId = NewId(),
        Name = name,
        Body = "{}",
        ConsumedId = NewId(),
        Destination = "exchange:orders",
        Envelope = "{}",
        CreatedAt = Fleet.Now,
        NextTryAt = Fleet.Now,
    };

    private async Task AssertStoredAsync(int count) => Assert.Equal(
        (count, count, count),
        (
            (await Fleet.ListAsync(db => db.Inbox)).Count, (await Fleet.ListAsync(db => db.Outbox)).Count,
            (await Fleet.ListAsync(db => db.Runs)).Count));
}

public sealed class CommitMessagesSqliteTests() : CommitMessagesTests(new SqliteDatabase());

public sealed class CommitMessagesPostgresTests(PostgresServer server) : CommitMessagesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class CommitMessagesSqlServerTests() : CommitMessagesTests(new SqlServerDatabase());
