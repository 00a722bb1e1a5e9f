using Fleet.Core.Jobs;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Worker;

/// <summary>The way most applications will write exactly-once jobs: their own context, one call.</summary>
public sealed class CompleteWithDbContextTests
{
    [Fact]
    public async Task CompleteAsync_OwnDbContext_CommitsTheEntityTheFollowUpAndTheRunTogether()
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new PlaceOrder("a", Break: false)));

        Assert.Equal((RunState.Succeeded, "\"placed\""), (run.State, run.OutputJson));
        Assert.Equal(1, await CountOrdersAsync(fleet));
        Assert.Equal(1, await CountFollowUpsAsync(fleet));
    }

    [Fact]
    public async Task CompleteAsync_SaveFails_LeavesNothingBehindAndFailsTheRun()
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new PlaceOrder("a", Break: true), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal(RunState.Failed, run.State);
        Assert.Equal(0, await CountOrdersAsync(fleet));
        Assert.Equal(0, await CountFollowUpsAsync(fleet));
    }

    private static async Task<EmbeddedFleet> StartAsync(TempFolder folder)
    {
        var fleet = await EmbeddedFleet.StartAsync(
            services => services
                .AddDbContext<Shop>(options => options.UseSqlite($"Data Source={Path.Combine(folder.Path, "fleet.db")}"))
                .AddFleetJobs(jobs => jobs.Add<PlaceOrderJob>().Add<ShipOrderJob>()),
            folder: folder);
        await using var scope = fleet.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<Shop>().Database.ExecuteSqlRawAsync("CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY)");
        return fleet;
    }

    private static async Task<int> CountOrdersAsync(EmbeddedFleet fleet)
    {
        await using var scope = fleet.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Shop>().Orders.CountAsync();
    }

    private static async Task<int> CountFollowUpsAsync(EmbeddedFleet fleet)
    {
        await using var db = fleet.Storage.Read();
        return await db.Runs.CountAsync(r => r.Job == "shop.ship");
    }

    [Job("shop.place")]
    public sealed record PlaceOrder(string Id, bool Break);

    [Job("shop.ship")]
    public sealed record ShipOrder(string Id);

    public sealed class Order
    {
        public string Id { get; set; } = "";
    }

    public sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) =>
            modelBuilder.Entity<Order>().ToTable("orders").Property(o => o.Id).HasColumnName("id");
    }

    private sealed class PlaceOrderJob(Shop shop) : IJob<PlaceOrder>
    {
        public async Task RunAsync(PlaceOrder args, JobContext context, CancellationToken ct)
        {
            shop.Orders.Add(new Order { Id = args.Id });
            await context.EnqueueAsync(new ShipOrder(args.Id), ct: ct);
            context.SetOutput("placed");
            if (!args.Break)
            {
                await context.CompleteAsync(shop, ct);
                return;
            }

            // The context's transaction is the caller's: what it does not commit never happened, the completion included.
            await using var transaction = await shop.Database.BeginTransactionAsync(ct);
            await context.CompleteAsync(shop, ct);
            throw new InvalidOperationException("Broken before the commit.");
        }
    }

    private sealed class ShipOrderJob : IJob<ShipOrder>
    {
        public Task RunAsync(ShipOrder args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }
}
