using Fleet.Worker;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Worker;

public sealed class SlotPoolTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TakeAsync_FewerFreeThanWanted_TakesWhatIsFree()
    {
        var pool = new SlotPool(3, 3, _time);

        Assert.Equal(2, await pool.TakeAsync(2, null, CancellationToken.None));
        Assert.Equal(1, await pool.TakeAsync(2, null, CancellationToken.None));
        Assert.Equal(0, pool.Free);
    }

    [Fact]
    public async Task Return_SeveralWait_ServesThemInOrderOfArrival()
    {
        var pool = new SlotPool(2, 2, _time);
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
        var pool = new SlotPool(1, 1, _time);
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
        var pool = new SlotPool(1, 1, _time);
        await pool.TakeAsync(1, null, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var waiting = pool.TakeAsync(1, null, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        pool.Return(1);
        Assert.Equal(1, pool.Free);
    }

    [Fact]
    public async Task TryBeginSettling_FourTimesAsOftenAsThereAreSlots_GivesTheSlotOn()
    {
        var pool = new SlotPool(1, 1, _time);
        for (var i = 0; i < SlotPool.SettlingPerSlot; i++)
        {
            Assert.Equal(1, await pool.TakeAsync(1, null, CancellationToken.None));
            Assert.True(pool.TryBeginSettling(TimeSpan.Zero));
        }

        Assert.Equal(1, await pool.TakeAsync(1, null, CancellationToken.None));
        Assert.False(pool.TryBeginSettling(TimeSpan.Zero));
        Assert.Equal(0, pool.Free);
        pool.EndSettling();
        Assert.Equal(0, pool.Free);
        Assert.True(pool.TryBeginSettling(TimeSpan.Zero));
        Assert.Equal(1, pool.Free);
    }

    [Theory]
    [InlineData(2, 5, true, 5)] // 2 → 4 → 5
    [InlineData(2, 2, true, 2)] // somebody set them
    [InlineData(2, 5, false, 2)] // no run waits for a slot
    public async Task TryBeginSettling_ShortHandlers_GrowWhileRunsWait(int slots, int most, bool waits, int expected)
    {
        var pool = new SlotPool(slots, most, _time);

        Assert.Equal(expected, await GrowAsync(pool, SlotPool.Short, waits));
    }

    [Fact]
    public async Task TryBeginSettling_HandlersAboveShort_NeverGrows() =>
        Assert.Equal(2, await GrowAsync(new SlotPool(2, 8, _time), SlotPool.Short + TimeSpan.FromTicks(1), waits: true));

    [Fact]
    public async Task TryBeginSettling_HandlersBecomeLong_AsManyAsAtFirst()
    {
        var pool = new SlotPool(2, 8, _time);
        Assert.Equal(8, await GrowAsync(pool, TimeSpan.Zero, waits: true));
        Assert.Equal(8, await pool.TakeAsync(8, null, CancellationToken.None));

        // Two of the eight took as long together as eight long ones: no need to wait for the others.
        End(pool, 4 * 2 * SlotPool.Short);
        Assert.Equal(1, pool.Free);
        End(pool, 4 * 2 * SlotPool.Short);
        Assert.Equal(0, pool.Free);

        // Six still run; only two may.
        pool.Return(4);
        Assert.Equal(0, pool.Free);
        pool.Return(2);
        Assert.Equal(2, pool.Free);
    }

    [Fact]
    public async Task TakeAsync_GrantsRaceWithCancellation_LosesNoSlot()
    {
        const int slots = 4;
        var pool = new SlotPool(slots, slots, _time);
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

    /// <summary>Ends many handlers, one after another.</summary>
    /// <returns>How many slots there are then.</returns>
    private static async Task<int> GrowAsync(SlotPool pool, TimeSpan took, bool waits)
    {
        const int many = 97;
        for (var i = 0; i < many; i++)
        {
            var taken = await pool.TakeAsync(1000, null, CancellationToken.None);
            var waiting = waits ? pool.TakeAsync(1000, null, CancellationToken.None) : null;
            End(pool, took);
            if (waiting is not null)
                taken += await waiting;
            pool.Return(taken - 1);
        }

        return pool.Free;
    }

    private static void End(SlotPool pool, TimeSpan took)
    {
        Assert.True(pool.TryBeginSettling(took));
        pool.EndSettling();
    }
}
