using System.Data.Common;
using System.Transactions;
using Fleet.Storage.Sqlite;
using Fleet.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Execution;

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

        var run = await fleet.WaitAsync(
            await fleet.Client.EnqueueAsync(new PlaceOrder("a", Break: true), new EnqueueOptions { MaxAttempts = 1 }));

        Assert.Equal(RunState.Failed, run.State);
        Assert.Equal(0, await CountOrdersAsync(fleet));
        Assert.Equal(0, await CountFollowUpsAsync(fleet));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task CompleteAsync_ContextRetriesByItself_SavesOnceWhenTheCommitFails(string when)
    {
        using var folder = new TempFolder();
        var trouble = new CommitFailsOnce(when);
        await using var fleet = await StartAsync(
            folder, options => options.AddInterceptors(trouble), sqlite => sqlite.ExecutionStrategy(d => new Retrying(d)));

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new PlaceOrder("a", Break: false)));

        // What is committed is seen before the interceptor is called.
        await trouble.Failed.WaitAsync(Waiting.Limit);
        Assert.Equal((RunState.Succeeded, 1), (run.State, run.Attempt));
        Assert.Equal(1, await CountOrdersAsync(fleet));
        Assert.Equal(1, await CountFollowUpsAsync(fleet));
    }

    [Theory]
    [InlineData("scope of the caller", "TransactionScope")]
    [InlineData("scope around the work", "TransactionScope")]
    [InlineData("another file", "which does not hold this run")]
    [InlineData("another fleet", "which does not hold this run")]
    [InlineData("another kind", "Fleet's database here is SQLite")]
    public async Task CompleteAsync_TransactionCannotHoldTheRun_FailsAtOnceInWords(string how, string expected)
    {
        using var folder = new TempFolder();
        using var elsewhere = new TempFolder();
        var other =
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(elsewhere.Path, "other.db"), Pooling = false }.ConnectionString;
        if (how == "another fleet")
        {
            await using var storage = new SqliteStorage(other, TimeProvider.System);
            await storage.MigrateAsync(CancellationToken.None);
        }

        var script = new Script(async call =>
        {
            switch (how)
            {
                case "scope around the work":
                    {
                        using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
                        await call.Context.CompleteAsync((_, _) => Task.CompletedTask);
                        break;
                    }

                case "scope of the caller":
                    {
                        using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
                        await using var db = Open(other);
                        await call.Context.CompleteAsync(db);
                        break;
                    }

                case "another kind":
                    await call.Context.CompleteAsync(new ForeignTransaction());
                    break;
                default:
                    {
                        await using var db = Open(other);
                        await call.Context.CompleteAsync(db);
                        break;
                    }
            }
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, folder: folder);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));

        Assert.Equal((RunState.Failed, 1), (run.State, run.Attempt));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);

        static Shop Open(string connectionString) => new(new DbContextOptionsBuilder<Shop>().UseSqlite(connectionString).Options);
    }

    [Fact]
    public async Task CompleteAsync_TwiceInTransactions_RefusesTheSecond()
    {
        using var folder = new TempFolder();
        Exception? refusal = null;
        var script = new Script(async call =>
        {
            await using var db = new Shop(
                new DbContextOptionsBuilder<Shop>().UseSqlite($"Data Source={Path.Combine(folder.Path, "fleet.db")}").Options);
            // Rolled back: the run may be completed again.
            await using (await db.Database.BeginTransactionAsync())
                await call.Context.CompleteAsync(db);
            await call.Context.CompleteAsync(db);
            refusal = await Record.ExceptionAsync(() => call.Context.CompleteAsync(db));
        });
        await using var fleet = await ScriptedFleet.StartAsync(script, folder: folder);

        var run = await fleet.WaitAsync(await fleet.Client.EnqueueAsync(new Scripted()));
        await script.EndedAsync(1);

        Assert.Equal((RunState.Succeeded, 1), (run.State, run.Attempt));
        Assert.Contains("CompleteAsync had completed run", refusal?.Message, StringComparison.Ordinal);
    }

    internal static async Task<EmbeddedFleet> StartAsync(
        TempFolder folder, Action<DbContextOptionsBuilder>? configure = null,
        Action<Microsoft.EntityFrameworkCore.Infrastructure.SqliteDbContextOptionsBuilder>? sqlite = null)
    {
        var fleet = await EmbeddedFleet.StartAsync(
            services => services
                .AddDbContext<Shop>(
                    options => (configure ?? (_ => { }))(options.UseSqlite($"Data Source={Path.Combine(folder.Path, "fleet.db")}", sqlite)))
                .AddFleetJobs(jobs => jobs.Add<PlaceOrderJob>().Add<ShipOrderJob>()),
            folder: folder);
        await using var scope = fleet.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<Shop>().Database.ExecuteSqlRawAsync(
            "CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY)");
        return fleet;
    }

    internal static async Task<int> CountOrdersAsync(EmbeddedFleet fleet)
    {
        await using var scope = fleet.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Shop>().Orders.CountAsync();
    }

    internal static async Task<int> CountFollowUpsAsync(EmbeddedFleet fleet)
    {
        await using var db = fleet.Storage.Read();
        return await db.Runs.CountAsync(r => r.Job == "shop.ship");
    }

    /// <summary>What <c>EnableRetryOnFailure</c> is for servers.</summary>
    internal sealed class Retrying(ExecutionStrategyDependencies dependencies)
        : ExecutionStrategy(dependencies, maxRetryCount: 3, TimeSpan.Zero)
    {
        protected override bool ShouldRetryOn(Exception exception) => exception is IOException;
    }

    internal sealed class CommitFailsOnce(string when) : DbTransactionInterceptor
    {
        private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when a commit has failed.</summary>
        public Task Failed => _failed.Task;

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result,
            CancellationToken cancellationToken = default)
        {
            FailAt("before");
            return new(result);
        }

        public override Task TransactionCommittedAsync(
            DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            FailAt("after");
            return Task.CompletedTask;
        }

        private void FailAt(string point)
        {
            if (point == when && _failed.TrySetResult())
                throw new IOException("The connection broke.");
        }
    }

    private sealed class ForeignTransaction : DbTransaction
    {
        public override System.Data.IsolationLevel IsolationLevel => System.Data.IsolationLevel.Serializable;

        protected override DbConnection? DbConnection => null;

        public override void Commit()
        {
        }

        public override void Rollback()
        {
        }
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
