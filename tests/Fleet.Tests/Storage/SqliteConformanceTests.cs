using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Storage;

public sealed class SqliteConformanceTests() : StorageConformance(new SqliteDatabase())
{
    [Fact]
    public async Task TakeTurn_WritesOfTheProcess_WaitForItsEnd()
    {
        var turn = await One.Storage.TakeTurnAsync(CancellationToken.None);
        var second = One.Storage.TakeTurnAsync(CancellationToken.None).AsTask();
        var written = One.EnqueueAsync();
        // Writes on a connection of its own, time enough for those who wait.
        await using (var db = One.Storage.Read())
        {
            for (var i = 0; i < 20; i++)
                await db.Schedules.Where(s => s.Id == "none").ExecuteDeleteAsync();
        }

        Assert.False(second.IsCompleted || written.IsCompleted);

        await turn!.DisposeAsync();
        await using (await second)
            Assert.False(written.IsCompleted);

        await written;
    }

    [Fact]
    public async Task Write_InsideAWrite_IsRefusedAndTheNextOneGoesThrough()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => One.Storage.WriteAsync(
            async _ =>
            {
                await Task.Yield();
                return await One.EnqueueAsync();
            },
            CancellationToken.None).WaitAsync(Waiting.Limit));

        Assert.Contains("would wait for itself", refused.Message, StringComparison.Ordinal);
        await One.EnqueueAsync().WaitAsync(Waiting.Limit);
    }

    [Fact]
    public async Task TakeTurn_Canceled_LetsTheNextOneIn()
    {
        using var canceled = new CancellationTokenSource();
        var turn = await One.Storage.TakeTurnAsync(CancellationToken.None);
        var given = One.Storage.TakeTurnAsync(canceled.Token).AsTask();
        await canceled.CancelAsync();

        await turn!.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await One.EnqueueAsync();
    }
}
