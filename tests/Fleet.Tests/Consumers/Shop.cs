using System.Collections.Concurrent;
using Fleet.Engine.Diagnostics;
using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Consumers;

/// <summary>An application with MassTransit consumers and tables of its own, in Fleet's database.</summary>
public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public const string Schema = "CREATE TABLE shop_orders (id INTEGER PRIMARY KEY, number INTEGER NOT NULL)";

    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Order>(order =>
    {
        order.ToTable("shop_orders");
        order.Property(o => o.Id).HasColumnName("id").ValueGeneratedNever();
        order.Property(o => o.Number).HasColumnName("number");
    });
}

public sealed class Order
{
    private static int _lastId;

    /// <summary>Another one for each, so that a second effect would not be refused by the table.</summary>
    public int Id { get; init; } = Interlocked.Increment(ref _lastId);

    public int Number { get; init; }
}

public sealed record PlaceOrder(int Number);

public sealed record OrderPlaced(int Number);

public sealed record ShipParcel(int Number);

public sealed record Question(int Number);

public sealed record BatchedQuestion(int Number);

public sealed record Answer(int Number);

/// <summary>What the consumers do beside their work, and what they have seen.</summary>
public sealed class ShopScript
{
    /// <summary>Called at the end of the work with how often a consumer was called, from 1.</summary>
    public Func<int, Task> AtTheEnd { get; set; } = _ => Task.CompletedTask;

    /// <summary>Replaces the work of the consumer of orders; null for its own.</summary>
    public Func<ShopContext, Task>? InContext { get; set; }

    public ConcurrentQueue<Guid> Placed { get; } = new();

    public ConcurrentQueue<string> Faults { get; } = new();

    public ConcurrentQueue<int[]> Shipments { get; } = new();

    /// <summary>The work of consumers without a context, beside the event and the run.</summary>
    public Func<ConsumeContext, Task> Work { get; set; } = _ => Task.CompletedTask;

    /// <summary>The questions that were asked of a consumer without a context, in the order of its calls.</summary>
    public ConcurrentQueue<int[]> Questions { get; } = new();

    public ConcurrentQueue<int> Answers { get; } = new();

    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public Task EndAsync() => AtTheEnd(Interlocked.Increment(ref _calls));
}

/// <summary>Writes a row, publishes an event and enqueues a run.</summary>
public sealed class OrderConsumer(ShopContext shop, ShopScript script) : IConsumer<PlaceOrder>
{
    public async Task Consume(ConsumeContext<PlaceOrder> context)
    {
        if (script.InContext is { } work)
        {
            await work(shop);
            return;
        }

        shop.Orders.Add(new Order { Number = context.Message.Number });
        // Saved now, so that a failure after it has something to undo; without it Fleet saves at the end.
        if (context.Message.Number % 2 == 0)
            await shop.SaveChangesAsync(context.CancellationToken);
        await context.Publish(new OrderPlaced(context.Message.Number));
        await context.EnqueueRunAsync(new Ledger($"order {context.Message.Number}"));
        await script.EndAsync();
    }
}

/// <summary>Without a context: publishes an event and enqueues a run.</summary>
public sealed class QuestionConsumer(ShopScript script) : IConsumer<Question>
{
    public async Task Consume(ConsumeContext<Question> context)
    {
        script.Questions.Enqueue([context.Message.Number]);
        await context.Publish(new Answer(context.Message.Number));
        await context.EnqueueRunAsync(new Ledger($"question {context.Message.Number}"));
        await script.Work(context);
    }
}

public sealed class BatchedQuestionConsumer(ShopScript script) : IConsumer<Batch<BatchedQuestion>>
{
    public async Task Consume(ConsumeContext<Batch<BatchedQuestion>> context)
    {
        script.Questions.Enqueue([.. context.Message.Select(m => m.Message.Number)]);
        foreach (var question in context.Message)
            await context.Publish(new Answer(question.Message.Number));
        await script.Work(context);
    }
}

public sealed class ParcelsConsumer(ShopContext shop, ShopScript script) : IConsumer<Batch<ShipParcel>>
{
    public async Task Consume(ConsumeContext<Batch<ShipParcel>> context)
    {
        int[] numbers = [.. context.Message.Select(m => m.Message.Number)];
        script.Shipments.Enqueue(numbers);
        shop.Orders.AddRange(numbers.Select(number => new Order { Number = number }));
        await script.EndAsync();
    }
}

/// <summary>Elsewhere, and without the outbox: sees what really went over the wire.</summary>
public sealed class Listener(ShopScript script) : IConsumer<OrderPlaced>, IConsumer<Answer>, IConsumer<Fault<PlaceOrder>>,
IConsumer<Fault<Question>>
{
    public Task Consume(ConsumeContext<Answer> context)
    {
        script.Answers.Enqueue(context.Message.Number);
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<Fault<Question>> context)
    {
        script.Faults.Enqueue(context.Message.Exceptions[0].Message);
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<OrderPlaced> context)
    {
        script.Placed.Enqueue(context.MessageId!.Value);
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<Fault<PlaceOrder>> context)
    {
        script.Faults.Enqueue(context.Message.Exceptions[0].Message);
        return Task.CompletedTask;
    }
}
