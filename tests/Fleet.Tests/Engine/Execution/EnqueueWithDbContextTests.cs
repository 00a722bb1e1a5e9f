using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Fleet.Tests.Engine.Execution.CompleteWithDbContextTests;

namespace Fleet.Tests.Engine.Execution;

/// <summary>A business change and the run that follows from it, in one transaction of the application's own context.</summary>
public sealed class EnqueueWithDbContextTests
{
    [Fact]
    public async Task EnqueueAsync_OwnDbContext_StoresTheEntityAndTheRunTogether()
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);

        var run = await fleet.WaitAsync(await EnqueueAsync(fleet));

        Assert.Equal(RunState.Succeeded, run.State);
        Assert.Equal(1, await CountOrdersAsync(fleet));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EnqueueAsync_TransactionOfTheCaller_IsTheCallersToCommit(bool commits)
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);
        await using (var scope = fleet.Services.CreateAsyncScope())
        {
            var shop = scope.ServiceProvider.GetRequiredService<Shop>();
            await using var transaction = await shop.Database.BeginTransactionAsync();
            shop.Orders.Add(new Order { Id = "a" });
            await fleet.Client.EnqueueAsync(shop, new ShipOrder("a"));
            if (commits)
                await transaction.CommitAsync();
        }

        Assert.Equal(commits ? (1, 1) : (0, 0), (await CountOrdersAsync(fleet), await CountFollowUpsAsync(fleet)));
    }

    [Fact]
    public async Task EnqueueAsync_RunIsRefused_StoresNothing()
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);

        await Assert.ThrowsAsync<InvalidRunException>(() => EnqueueAsync(fleet, new EnqueueOptions { MaxAttempts = -1 }));

        Assert.Equal((0, 0), (await CountOrdersAsync(fleet), await CountFollowUpsAsync(fleet)));
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task EnqueueAsync_ContextRetriesByItself_StoresOnceWhenTheCommitFails(string when)
    {
        using var folder = new TempFolder();
        var trouble = new CommitFailsOnce(when);
        await using var fleet = await StartAsync(
            folder, options => options.AddInterceptors(trouble), sqlite => sqlite.ExecutionStrategy(d => new Retrying(d)));

        await EnqueueAsync(fleet);

        Assert.True(trouble.Failed.IsCompleted);
        Assert.Equal((1, 1), (await CountOrdersAsync(fleet), await CountFollowUpsAsync(fleet)));
    }

    [Fact]
    public async Task EnqueueAsync_OptionsWithATransaction_IsRefused()
    {
        using var folder = new TempFolder();
        await using var fleet = await StartAsync(folder);
        await using var scope = fleet.Services.CreateAsyncScope();
        var shop = scope.ServiceProvider.GetRequiredService<Shop>();
        await shop.Database.OpenConnectionAsync();
        await using var other = await shop.Database.GetDbConnection().BeginTransactionAsync();

        await Assert.ThrowsAsync<ArgumentException>(
            () => fleet.Client.EnqueueAsync(shop, new ShipOrder("a"), new EnqueueOptions { Transaction = other }));
    }

    private static async Task<RunId> EnqueueAsync(EmbeddedFleet fleet, EnqueueOptions? options = null)
    {
        await using var scope = fleet.Services.CreateAsyncScope();
        var shop = scope.ServiceProvider.GetRequiredService<Shop>();
        shop.Orders.Add(new Order { Id = "a" });
        return await fleet.Client.EnqueueAsync(shop, new ShipOrder("a"), options);
    }
}
