using Fleet.Core.Inbox;
using Fleet.Core.Storage;
using Fleet.Tests.Support;

namespace Fleet.Tests.Inbox;

public abstract class AcceptMessagesTests(TestDatabase database) : StorageVerbs(database)
{
    private readonly Guid _message = Guid.CreateVersion7(Verbs.Noon);

    [Fact]
    public async Task AcceptMessages_SecondDelivery_IsFoundHandled()
    {
        Assert.True(await HandleAsync("mail", _message));
        Assert.False(await HandleAsync("mail", _message));

        Assert.Single(await Fleet.ListAsync(db => db.Runs));
        Assert.Equal(Fleet.Now, Assert.Single(await Fleet.ListAsync(db => db.Inbox)).ReceivedAt);
    }

    [Fact]
    public async Task AcceptMessages_OtherConsumerOrMessage_IsHandledToo()
    {
        await HandleAsync("mail", _message);

        Assert.True(await HandleAsync("invoice", _message));
        Assert.True(await HandleAsync("mail", Guid.CreateVersion7(Fleet.Now)));
        Assert.Equal(3, (await Fleet.ListAsync(db => db.Runs)).Count);
    }

    [Fact]
    public async Task AcceptMessages_EffectRolledBack_ComesAgain()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => HandleAsync("mail", _message, () => throw new InvalidOperationException()));
        Assert.Empty(await Fleet.ListAsync(db => db.Inbox));

        Assert.True(await HandleAsync("mail", _message));
    }

    [Fact]
    public async Task AcceptMessages_20DeliveriesAtOnce_HaveOneEffect()
    {
        var handled = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => HandleAsync("mail", _message))));

        Assert.Single(handled, h => h);
        Assert.Single(await Fleet.ListAsync(db => db.Runs));
    }

    /// <summary>A consumer whose effect is a run.</summary>
    private Task<bool> HandleAsync(string consumer, Guid message, Action? then = null) => Fleet.Storage.WriteRetryingAsync(
        async session =>
        {
            if ((await Fleet.Get<AcceptMessages>().ExecuteAsync(session, consumer, [message], CancellationToken.None)).Count == 0)
                return false;
            await Fleet.Storage.Statements.InsertAsync(session, [Fleet.NewRun()], CancellationToken.None);
            then?.Invoke();
            return true;
        },
        CancellationToken.None);
}

public sealed class AcceptMessagesSqliteTests() : AcceptMessagesTests(new SqliteDatabase());

public sealed class AcceptMessagesPostgresTests(PostgresServer server) : AcceptMessagesTests(new PostgresDatabase(server));

[NeedsSqlServer]
public sealed class AcceptMessagesSqlServerTests() : AcceptMessagesTests(new SqlServerDatabase());
