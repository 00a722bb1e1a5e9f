using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

/// <summary>Contexts are used again: nothing of one use may be found in the next.</summary>
public abstract partial class StorageConformance
{
    private const int Uses = 5;

    [Fact]
    public async Task WriteAsync_WorkFailed_NothingOfItIsWrittenByTheNext()
    {
        for (var i = 0; i < Uses; i++)
        {
            await Assert.ThrowsAsync<NotSupportedException>(() => One.Storage.WriteAsync<int>(
                scope =>
                {
                    scope.Db.Lanes.Add(new LaneRow { Name = "left" });
                    throw new NotSupportedException();
                },
                CancellationToken.None));

            var written = await One.Storage.WriteAsync(scope => scope.Db.SaveChangesAsync(), CancellationToken.None);

            Assert.Equal(0, written);
        }
    }

    [Fact]
    public async Task ReadAsync_InsideAWrite_Answers()
    {
        await One.RegisterAsync();

        var offers = await One.Storage.WriteAsync(
            _ => One.Storage.ReadAsync(read => One.Storage.Jobs.ReadOffersAsync(read, CancellationToken.None), CancellationToken.None),
            CancellationToken.None).WaitAsync(Waiting.Limit);

        Assert.Single(offers);
    }

    [Fact]
    public async Task WriteAsync_StatementFailed_TheNextOneGoesThrough()
    {
        for (var i = 0; i < Uses; i++)
        {
            await One.Storage.WriteAsync(scope => AddAsync(scope.Db, $"lane{i}"), CancellationToken.None);

            await Assert.ThrowsAnyAsync<DbUpdateException>(
                () => One.Storage.WriteAsync(scope => AddAsync(scope.Db, $"lane{i}"), CancellationToken.None));
        }

        await using var db = One.Storage.Read();
        Assert.Equal(Uses, await db.Lanes.CountAsync(lane => lane.Name.StartsWith("lane"), TestContext.Current.CancellationToken));

        static Task<int> AddAsync(DbContext db, string name)
        {
            db.Add(new LaneRow { Name = name });
            return db.SaveChangesAsync();
        }
    }

    [Fact]
    public async Task Read_LeftInTheMiddle_TheNextOneReadsAll()
    {
        var runs = new[] { await One.EnqueueAsync(), await One.EnqueueAsync(), await One.EnqueueAsync() };
        for (var i = 0; i < Uses; i++)
        {
            await using (var db = One.Storage.Read())
            {
                await foreach (var run in db.Runs.AsTracking().AsAsyncEnumerable())
                {
                    run.Error = "never saved";
                    break;
                }
            }

            await using var next = One.Storage.Read();
            Assert.Equal(runs.Length, await next.Runs.CountAsync(run => run.Error == null, TestContext.Current.CancellationToken));
            Assert.Empty(next.ChangeTracker.Entries());
        }
    }

    [Fact]
    public async Task WriteAsync_ManyAtOnce_EachSeesItsOwnTransaction()
    {
        var found = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => One.Storage.WriteAsync(
            async scope =>
            {
                scope.Db.Lanes.Add(new LaneRow { Name = $"lane{i}" });
                await scope.Db.SaveChangesAsync();
                return await scope.Db.Lanes.AnyAsync(lane => lane.Name == $"lane{i}");
            },
            CancellationToken.None)));

        Assert.All(found, Assert.True);
        await using var db = One.Storage.Read();
        Assert.Equal(found.Length, await db.Lanes.CountAsync(lane => lane.Name.StartsWith("lane"), TestContext.Current.CancellationToken));
    }
}
