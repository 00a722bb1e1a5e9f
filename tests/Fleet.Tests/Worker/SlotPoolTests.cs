using Fleet.Worker;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Worker;

public sealed class SlotPoolTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TakeAsync_FewerFreeThanWanted_TakesWhatIsFree()
    {
        var pool = new SlotPool(3, _time);

        Assert.Equal(2, await pool.TakeAsync(2, null, CancellationToken.None));
        Assert.Equal(1, await pool.TakeAsync(2, null, CancellationToken.None));
        Assert.Equal(0, pool.Free);
    }

    [Fact]
    public async Task Return_SeveralWait_ServesThemInOrderOfArrival()
    {
        var pool = new SlotPool(2, _time);
        await pool.TakeAsync(2, null, CancellationToken.None);
        var first = pool.TakeAsync(1, null, CancellationToken.None);
        var second = pool.TakeAsync(5, null, CancellationToken.None);
        var third = pool.TakeAsync(1, null, CancellationToken.None);

        pool.Return(1);
        Assert.Equal(1, await first);
        Assert.False(second.IsCompleted);
        pool.Return(1);
        Assert.Equal(1, await second);
        Assert.False(third.IsCompleted);
        pool.Return(1);
        Assert.Equal(1, await third);
        Assert.Equal(0, pool.Free);
    }

    [Fact]
    public async Task TakeAsync_PatienceOver_TakesNoneAndLeavesTheQueue()
    {
        var pool = new SlotPool(1, _time);
        await pool.TakeAsync(1, null, CancellationToken.None);
        var waiting = pool.TakeAsync(1, TimeSpan.FromMilliseconds(50), CancellationToken.None);

        _time.Advance(TimeSpan.FromMilliseconds(49));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(0, await waiting);
        pool.Return(1);
        Assert.Equal(1, pool.Free);
    }

    [Fact]
    public async Task TakeAsync_Canceled_ThrowsAndLeavesTheQueue()
    {
        var pool = new SlotPool(1, _time);
        await pool.TakeAsync(1, null, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var waiting = pool.TakeAsync(1, null, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        pool.Return(1);
        Assert.Equal(1, pool.Free);
    }

    [Fact]
    public async Task TryBeginSettling_AsOftenAsThereAreSlots_GivesTheSlotOn()
    {
        var pool = new SlotPool(1, _time);
        await pool.TakeAsync(1, null, CancellationToken.None);

        Assert.True(pool.TryBeginSettling());
        Assert.Equal(1, await pool.TakeAsync(1, null, CancellationToken.None));
        Assert.False(pool.TryBeginSettling());
        Assert.Equal(0, pool.Free);
        pool.EndSettling();
        Assert.Equal(0, pool.Free);
        Assert.True(pool.TryBeginSettling());
        Assert.Equal(1, pool.Free);
    }

    [Fact]
    public async Task TakeAsync_GrantsRaceWithCancellation_LosesNoSlot()
    {
        const int slots = 4;
        var pool = new SlotPool(slots, _time);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                using var stop = new CancellationTokenSource();
                var take = pool.TakeAsync(1 + (n % 3), null, stop.Token);
                if ((i + n) % 3 == 0)
                    _ = Task.Run(stop.Cancel);
                try
                {
                    var taken = await take.WaitAsync(Support.Waiting.Limit);
                    await Task.Yield();
                    pool.Return(taken);
                }
                catch (OperationCanceledException)
                {
                    // Given up before a slot came free: nothing to return.
                }
            }
        })));

        Assert.Equal(slots, pool.Free);
    }
}
