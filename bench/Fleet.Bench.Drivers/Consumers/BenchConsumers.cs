using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Fleet.Bench.Drivers.Consumers;

public sealed record Tick(int Number);

public sealed record Tock(int Number);

/// <summary>A table of the application's own.</summary>
public sealed class BenchContext(DbContextOptions<BenchContext> options) : DbContext(options)
{
    public const string Schema = "CREATE TABLE IF NOT EXISTS bench_rows (id uuid PRIMARY KEY, number integer NOT NULL)";

    public const string Insert = "INSERT INTO bench_rows (id, number) VALUES ($1, $2)";

    public DbSet<BenchRow> Rows => Set<BenchRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<BenchRow>(row =>
    {
        row.ToTable("bench_rows");
        row.Property(r => r.Id).HasColumnName("id").ValueGeneratedNever();
        row.Property(r => r.Number).HasColumnName("number");
    });
}

public sealed class BenchRow
{
    public Guid Id { get; init; } = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    public int Number { get; init; }
}

/// <summary>What the consumers of one measurement do, and how many messages they have had.</summary>
public sealed class Load
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _handled;

    public required int Expected { get; init; }

    public required bool WritesRow { get; init; }

    public required bool Publishes { get; init; }

    /// <summary>Consumers wait for it, so that all messages are in the queue before the clock starts.</summary>
    public Task Opened => _open.Task;

    /// <summary>Ends when all messages were handled; where the consumer publishes, when all of these have arrived.</summary>
    public Task Done => _done.Task;

    public void Open() => _open.SetResult();

    public void Handled(int count)
    {
        if (Interlocked.Add(ref _handled, count) >= Expected)
            _done.TrySetResult();
    }
}

public sealed class TickConsumer(Load load, IServiceProvider services) : IConsumer<Tick>
{
    public async Task Consume(ConsumeContext<Tick> context)
    {
        await load.Opened;
        await Work.DoAsync(load, services, context, [context.Message]);
    }
}

public sealed class TickBatchConsumer(Load load, IServiceProvider services) : IConsumer<Batch<Tick>>
{
    public async Task Consume(ConsumeContext<Batch<Tick>> context)
    {
        await load.Opened;
        await Work.DoAsync(load, services, context, [.. context.Message.Select(m => m.Message)]);
    }
}

public sealed class TockConsumer(Load load) : IConsumer<Tock>
{
    public Task Consume(ConsumeContext<Tock> context)
    {
        load.Handled(1);
        return Task.CompletedTask;
    }
}

internal static class Work
{
    public static async Task DoAsync(Load load, IServiceProvider services, ConsumeContext context, IReadOnlyList<Tick> ticks)
    {
        if (load.WritesRow && services.GetService<BenchContext>() is { } db)
            db.Rows.AddRange(ticks.Select(t => new BenchRow { Number = t.Number }));
        else if (load.WritesRow)
            await InsertAsync(context, ticks);
        if (load.Publishes)
            await context.PublishBatch(ticks.Select(t => new Tock(t.Number)));
        else
            load.Handled(ticks.Count);
    }

    private static async Task InsertAsync(ConsumeContext context, IReadOnlyList<Tick> ticks)
    {
        var transaction = (NpgsqlTransaction)context.GetFleetTransaction();
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        foreach (var tick in ticks)
        {
            var row = new BenchRow();
            batch.BatchCommands.Add(new NpgsqlBatchCommand(BenchContext.Insert)
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = row.Id }, new NpgsqlParameter<int> { TypedValue = tick.Number } },
            });
        }

        await batch.ExecuteNonQueryAsync();
    }
}
