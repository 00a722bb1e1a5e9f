using System.Data.Common;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Fleet.JobPack;

/// <summary>Where the first attempt of <see cref="PlaceOrder"/> kills its process, in the order of the road.</summary>
public enum KillPoint
{
    FirstLine,
    BeforeSave,
    AfterSave,
    BeforeCommit,
    AfterCommit,
    AfterComplete,
    AfterReturn,
}

/// <summary>Writes to a table of its own, enqueues a follow-up and publishes an event, all through <c>CompleteAsync</c>.</summary>
/// <param name="Kill">Where the first attempt ends with its process.</param>
/// <param name="Database">A PostgreSQL connection string: Fleet's database, with the table <c>pack_orders</c>.</param>
[Job("pack.order", Description = "Places an order, at the second attempt.")]
public sealed record PlaceOrder(KillPoint Kill, string Database);

[Job("pack.invoice", Description = "Follows an order.")]
public sealed record Invoice(RunId Order);

[Event("pack.ordered")]
public sealed record Ordered(RunId Order);

public sealed class PlaceOrderJob : IJob<PlaceOrder>
{
    public async Task RunAsync(PlaceOrder args, JobContext context, CancellationToken ct)
    {
        var suicide = new Suicide(args.Kill, context.Attempt == 1);
        suicide.At(KillPoint.FirstLine);
        await using var orders = new OrdersContext(args.Database, suicide);
        orders.Orders.Add(new Order { RunId = context.RunId.Value });
        await context.EnqueueAsync(new Invoice(context.RunId), ct: ct);
        await context.PublishAsync(new Ordered(context.RunId), ct);
        await context.CompleteAsync(orders, ct);
        suicide.At(KillPoint.AfterComplete);
        if (suicide.IsDue(KillPoint.AfterReturn))
            _ = Task.Run(Suicide.Kill, CancellationToken.None);
    }
}

public sealed class InvoiceJob : IJob<Invoice>
{
    public Task RunAsync(Invoice args, JobContext context, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>Ends the process as <c>kill -9</c> does.</summary>
public sealed class Suicide(KillPoint chosen, bool isFirstAttempt) : DbTransactionInterceptor
{
    public static void Kill()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        self.WaitForExit();
    }

    public bool IsDue(KillPoint point) => isFirstAttempt && point == chosen;

    public void At(KillPoint point)
    {
        if (IsDue(point))
            Kill();
    }

    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        At(KillPoint.BeforeCommit);
        return new(result);
    }

    public override Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        At(KillPoint.AfterCommit);
        return Task.CompletedTask;
    }
}

public sealed class OrdersContext(string database, Suicide suicide) : DbContext
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder)
    {
        optionsBuilder.UseNpgsql(database).AddInterceptors(suicide);
        SavingChanges += (_, _) => suicide.At(KillPoint.BeforeSave);
        SavedChanges += (_, _) => suicide.At(KillPoint.AfterSave);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Order>(order =>
    {
        order.ToTable("pack_orders");
        order.Property(o => o.Id).HasColumnName("id");
        order.Property(o => o.RunId).HasColumnName("run_id");
    });
}

/// <summary>A row for each effect: a second one would not be refused.</summary>
public sealed class Order
{
    public int Id { get; set; }

    public Guid RunId { get; set; }
}
