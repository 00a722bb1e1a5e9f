using Fleet.Core.Storage;
using Fleet.Engine.Workers;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Engine.Workers;

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

    [Theory]
    [InlineData(0, 2, 8)] // they work for two milliseconds: short
    [InlineData(2, 2, 2)] // they wait as long: more slots would only wait too
    [InlineData(60, 2, 2)]
    public async Task TryBeginSettling_HandlersWaitForATransaction_DoesNotGrow(int waits, int works, int expected)
    {
        var pool = new SlotPool(2, 8, _time);

        Assert.Equal(
            expected, await GrowAsync(pool, TimeSpan.FromMilliseconds(waits + works), waits: true, TimeSpan.FromMilliseconds(waits)));
    }

    [Theory]
    [InlineData(60, 2)] // mostly waiting: so many runs are of no use
    [InlineData(4, 3)] // some waiting is no reason to shrink
    public async Task TryBeginSettling_GrownHandlersBeginToWait_ShrinksOnlyWhenTheyMostlyWait(int waits, int works)
    {
        var pool = new SlotPool(2, 8, _time);
        Assert.Equal(8, await GrowAsync(pool, TimeSpan.Zero, waits: true));

        await EndAllAsync(pool, TimeSpan.FromMilliseconds(waits + works), TimeSpan.FromMilliseconds(waits));

        Assert.Equal(waits > works * 2 ? 2 : 8, pool.Free);
    }

    [Fact]
    public async Task TryBeginSettling_CompletedInOwnTransactions_SlotsAreBoundedAtOnceAndForAMinute()
    {
        await using var gate = new TransactionGate(_time, most: 6);
        var shares = new TransactionSlots(gate, _time);
        var pool = new SlotPool(16, 64, _time, shares);
        Assert.Equal(1, await pool.TakeAsync(1, null, CancellationToken.None));

        // One is enough: the others have their connections already.
        Assert.True(pool.TryBeginSettling(TimeSpan.Zero, hasOwnTransaction: true));
        Assert.Equal(6, pool.Free);

        // Two lanes of such handlers share.
        var other = new SlotPool(16, 64, _time, shares);
        await other.TakeAsync(1, null, CancellationToken.None);
        other.TryBeginSettling(TimeSpan.Zero, hasOwnTransaction: true);
        Assert.Equal(3, other.Free);
        await EndAllAsync(pool, TimeSpan.Zero, TimeSpan.Zero);
        Assert.Equal(3, pool.Free);

        _time.Advance(TransactionSlots.Memory + TimeSpan.FromSeconds(1));
        Assert.Equal(64, await GrowAsync(pool, TimeSpan.Zero, waits: true));
    }

    [Fact]
    public async Task TryBeginSettling_SomebodySetTheSlots_OwnTransactionsDoNotBoundThem()
    {
        await using var gate = new TransactionGate(_time, most: 6);
        var pool = new SlotPool(16, 16, _time, new TransactionSlots(gate, _time));
        await pool.TakeAsync(1, null, CancellationToken.None);

        pool.TryBeginSettling(TimeSpan.Zero, hasOwnTransaction: true);

        Assert.Equal(16, pool.Free);
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
    private static async Task<int> GrowAsync(SlotPool pool, TimeSpan took, bool waits, TimeSpan waited = default)
    {
        const int many = 97;
        for (var i = 0; i < many; i++)
        {
            var taken = await pool.TakeAsync(1000, null, CancellationToken.None);
            var waiting = waits ? pool.TakeAsync(1000, null, CancellationToken.None) : null;
            End(pool, took, waited);
            if (waiting is not null)
                taken += await waiting;
            pool.Return(taken - 1);
        }

        return pool.Free;
    }

    /// <summary>Takes all slots and ends their handlers, until all slots that there were have been looked at.</summary>
    private static async Task EndAllAsync(SlotPool pool, TimeSpan took, TimeSpan waited)
    {
        var taken = await pool.TakeAsync(1000, null, CancellationToken.None);
        for (var i = 0; i < taken; i++)
            End(pool, took, waited);
    }

    private static void End(SlotPool pool, TimeSpan took, TimeSpan waited = default)
    {
        Assert.True(pool.TryBeginSettling(took, waited));
        pool.EndSettling();
    }
}
