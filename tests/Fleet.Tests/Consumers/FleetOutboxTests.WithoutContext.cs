using Fleet.Core.Inbox;
using Fleet.MassTransit;
using Fleet.Tests.Support;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Consumers;

public abstract partial class FleetOutboxTests
{
    [Fact]
    public async Task WithoutContext_DeliveredTwiceAtOnceAndAgainLater_HasOneEffect()
    {
        // More than enough for the consumer to count as one that needs no transaction.
        const int count = 3 * ConsumerHabits.EnoughMessages;
        var received = new ReceiveWatch("Question");
        Bus.ConnectReceiveObserver(received);
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())).ToList();

        await Task.WhenAll(Enumerable.Range(0, 2 * count).Select(i => PublishAsync(new Question(i / 2), ids[i / 2])));
        await Waiting.UntilAsync(() => received.Ended >= 2 * count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => PublishAsync(new Question(i), ids[i])));
        await Waiting.UntilAsync(() => received.Ended >= 3 * count);

        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, count)]);
        Assert.Equal(count, Script.Questions.Count);
    }

    [Fact]
    public async Task WithoutContext_UsesTheTransactionAfterManyMessagesWithout_CommitsItsRowWithTheRest()
    {
        await AskAsync(Enumerable.Range(0, ConsumerHabits.EnoughMessages));
        var calls = 0;
        Script.Work = async context =>
        {
            await InsertOrderAsync(context, 1);
            if (Interlocked.Increment(ref calls) == 1)
                throw new IOException("no stock");
        };

        // The first one asks for a transaction that nobody has opened; its retry and the next one find it open.
        await AskAsync([100, 101]);

        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, ConsumerHabits.EnoughMessages), 100, 101]);
        Assert.Equal(2, (await OrdersAsync()).Count);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task WithoutContext_FailsForGood_LeavesNothingAndMayBeDeliveredAgain()
    {
        await AskAsync(Enumerable.Range(0, ConsumerHabits.EnoughMessages));
        Script.Work = _ => throw new IOException("no stock");

        await PublishAsync(new Question(100), Message);

        await Waiting.UntilAsync(() => Script.Faults.Contains("no stock", StringComparer.Ordinal));
        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, ConsumerHabits.EnoughMessages)]);
        Script.Work = _ => Task.CompletedTask;
        await PublishAsync(new Question(100), Message);
        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, ConsumerHabits.EnoughMessages), 100]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutContext_HandledByAnotherProcessMeanwhile_HasOneEffect(bool usesTransaction)
    {
        if (usesTransaction && Storage.HasOneWriter)
            Assert.Skip("The consumer holds the only writer: nobody can handle the message meanwhile.");
        await AskAsync(Enumerable.Range(0, ConsumerHabits.EnoughMessages));
        var received = new ReceiveWatch("Question");
        Bus.ConnectReceiveObserver(received);
        Script.Work = async context =>
        {
            if (usesTransaction)
                await InsertOrderAsync(context, 1);
            await HandleElsewhereAsync(context, context.MessageId!.Value);
        };

        await PublishAsync(new Question(100), Message);

        await Waiting.UntilAsync(() => received.Ended > 0);
        Script.Work = _ => Task.CompletedTask;
        await PublishAsync(new Question(101), Guid.NewGuid());
        // That of the other process left neither an answer nor a run; what this one did is undone.
        await AssertAnsweredOnceAsync([.. Enumerable.Range(0, ConsumerHabits.EnoughMessages), 101], handledElsewhere: 1);
        Assert.Null(received.Failure);
        Assert.Empty(Script.Faults);
        Assert.Empty(await OrdersAsync());
    }

    [Fact]
    public async Task WithoutContext_BatchOfWhichAnotherProcessHandlesAPart_WorksWithoutThatPart()
    {
        int[] before = [.. Enumerable.Range(0, 4 * ConsumerHabits.EnoughMessages)];
        await AskInBatchesAsync(before);
        // A batch that was tried again counts twice as asked, and once as answered.
        await Waiting.UntilAsync(() => before.All(n => Script.Answers.Contains(n)));
        Script.Questions.Clear();
        var elsewhere = false;
        Script.Work = async context =>
        {
            if (elsewhere)
                return;
            elsewhere = true;
            var first = ((ConsumeContext<Batch<BatchedQuestion>>)context).Message.Single(m => m.Message.Number == 1001);
            await HandleElsewhereAsync(context, first.MessageId!.Value);
        };

        await AskInBatchesAsync([1000, 1001, 1002, 1003]);

        await Waiting.UntilAsync(() => Script.Answers.Count >= (4 * ConsumerHabits.EnoughMessages) + 3);
        Assert.Equal(["1000,1001,1002,1003", "1000,1002,1003"], Script.Questions.Select(q => string.Join(',', q.Order())));
        Assert.Equal([1000, 1002, 1003], Script.Answers.Where(a => a >= 1000).Order());
    }

    /// <summary>Asks questions and waits until each is answered.</summary>
    protected async Task AskAsync(IEnumerable<int> numbers)
    {
        int[] all = [.. numbers];
        await Task.WhenAll(all.Select(n => PublishAsync(new Question(n), Guid.NewGuid())));
        await Waiting.UntilAsync(() => all.All(n => Script.Answers.Contains(n)));
    }

    /// <summary>One answer to each question, and as many runs and remembered messages.</summary>
    protected async Task AssertAnsweredOnceAsync(int[] numbers, int handledElsewhere = 0)
    {
        await Waiting.UntilAsync(async () =>
        {
            await using var db = Storage.Read();
            return await db.Runs.CountAsync() >= numbers.Length && !await db.Outbox.AnyAsync() && Script.Answers.Count >= numbers.Length;
        });
        await using var db = Storage.Read();
        Assert.Equal((numbers.Length, numbers.Length + handledElsewhere), (await db.Runs.CountAsync(), await db.Inbox.CountAsync()));
        Assert.Equal(numbers.Order(), Script.Answers.Order());
    }

    private static async Task InsertOrderAsync(ConsumeContext context, int number)
    {
        var transaction = context.GetFleetTransaction();
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO shop_orders (id, number) VALUES ({new Order().Id}, {number})";
        await command.ExecuteNonQueryAsync();
    }

    private async Task AskInBatchesAsync(IEnumerable<int> numbers)
    {
        int[] all = [.. numbers];
        foreach (var number in all)
            await PublishAsync(new BatchedQuestion(number), Guid.NewGuid());
        await Waiting.UntilAsync(() => Script.Questions.Sum(q => q.Length) >= all.Length);
    }

    /// <summary>Remembers a message as another process does that handles it.</summary>
    private async Task HandleElsewhereAsync(ConsumeContext context, Guid id)
    {
        string consumer;
        await using (var db = Storage.Read())
        {
            var endpoint = context.ReceiveContext.InputAddress.Segments[^1] + "/";
            consumer = await db.Inbox.Select(m => m.Consumer).FirstAsync(c => c.StartsWith(endpoint));
        }

        await using var other = new CommitMessages(Storage, TimeProvider.System);
        await other.ExecuteAsync(new ConsumedMessages(consumer, [id], [], []));
    }
}
