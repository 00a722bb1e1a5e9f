using System.Collections.Concurrent;
using Fleet.Core.Storage;

namespace Fleet.Tests;

public sealed class GroupCommitTests
{
    private readonly ConcurrentQueue<int[]> _batches = new();

    [Fact]
    public async Task AddAsync_OneItem_GoesStraightThrough()
    {
        await using var group = Group(Double);

        Assert.Equal(14, await group.AddAsync(7));
        Assert.Equal([7], Assert.Single(_batches));
    }

    /// <summary>The first caller of a service may be inside a write, and the service lives on. Until that write had ended, everybody's
    /// items were refused.</summary>
    [Fact]
    public async Task AddAsync_GroupWasMadeInsideAWriteThatGoesOn_FlushesForThoseOutside()
    {
        IDisposable? turn = null;
        var made = await Task.Run(() =>
        {
            turn = WriteTurn.Begin();
            var inside = Group(items =>
            {
                WriteTurn.RefuseInside();
                return Double(items);
            });
            Assert.Throws<InvalidOperationException>(() => { _ = inside.AddAsync(1); });
            return inside;
        });
        await using var group = made;

        Assert.Equal(14, await group.AddAsync(7));
        turn!.Dispose();
    }

    [Fact]
    public async Task AddAsync_DuringAFlush_FormTheNextBatch()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(Double));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 20).Select(i => group.AddAsync(i)).ToArray();
        Assert.All(others, o => Assert.False(o.IsCompleted));

        gate.Open();

        Assert.Equal(0, await first);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => i * 2), await Task.WhenAll(others));
        Assert.Equal([[0], Enumerable.Range(1, 20).ToArray()], _batches);
    }

    [Fact]
    public async Task AddAsync_MoreThanMaxBatch_AreSplit()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(Double), maxBatch: 8);
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 20).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();
        await first;
        await Task.WhenAll(others);

        Assert.Equal([1, 8, 8, 4], _batches.Select(b => b.Length));
    }

    [Fact]
    public async Task AddAsync_OneBadItem_FailsAlone()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(items => items.Contains(13) ? throw new FormatException("13") : Double(items)));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(10, 6).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();

        await Assert.ThrowsAsync<FormatException>(() => others[3]);
        foreach (var i in new[] { 10, 11, 12, 14, 15 })
            Assert.Equal(i * 2, await others[i - 10]);
        Assert.Equal(0, await first);
        Assert.Equal([1, 6, 1, 1, 1, 1, 1, 1], _batches.Select(b => b.Length));
        Assert.Equal(42, await group.AddAsync(21));
    }

    [Fact]
    public async Task AddAsync_Outage_FailsTheBatchAtOnce()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(items => items.Contains(13) ? throw new IOException("down") : Double(items)));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(10, 6).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();

        await first;
        foreach (var other in others)
            await Assert.ThrowsAsync<IOException>(() => other);
        Assert.Equal([1, 6], _batches.Select(b => b.Length));
        Assert.Equal(42, await group.AddAsync(21));
    }

    /// <summary>Of 500 items each would be tried alone, again with every batch that their callers' next tries make.</summary>
    [Fact]
    public async Task AddAsync_EverythingFailsForAnUnknownReason_TriesThreeAloneAndNoMore()
    {
        var gate = new Gate();
        await using var group = Group(
            gate.HoldFirst(items => items[0] > 0 ? throw new InvalidOperationException("unknown") : Double(items)));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 500).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();

        await first;
        foreach (var other in others)
            await Assert.ThrowsAsync<InvalidOperationException>(() => other);
        Assert.Equal([1, 500, 1, 1, 1], _batches.Select(b => b.Length));
    }

    [Fact]
    public async Task AddAsync_OutageWhileItemsAreTriedAlone_FailsTheRest()
    {
        var gate = new Gate();
        await using var group = Group(
            gate.HoldFirst(
                items =>
                    items is [0] or [1] ? Double(items) : items.Count > 1 ? throw new FormatException() : throw new IOException("down")));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 50).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();

        await first;
        Assert.Equal(2, await others[0]);
        foreach (var other in others[1..])
            await Assert.ThrowsAsync<IOException>(() => other);
        Assert.Equal([1, 50, 1, 1], _batches.Select(b => b.Length));
    }

    /// <summary>Unlike what is not known, what is in the data fails alone, however many do.</summary>
    [Fact]
    public async Task AddAsync_ManyBadItems_DoNotKeepTheGoodOnesAfterThem()
    {
        var gate = new Gate();
        await using var group = Group(
            gate.HoldFirst(items => items.Any(i => i is > 0 and < 10) ? throw new FormatException() : Double(items)));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 12).Select(i => group.AddAsync(i)).ToArray();

        gate.Open();

        await first;
        foreach (var bad in others[..9])
            await Assert.ThrowsAsync<FormatException>(() => bad);
        var good = await Task.WhenAll(others[9..]);
        Assert.Equal([20, 22, 24], good);
    }

    [Fact]
    public async Task TryAdd_QueueFull_ReturnsNull()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(Double), capacity: 2);
        var first = group.TryAdd(0)!;
        await gate.Reached;

        Task<int>?[] added = [group.TryAdd(1), group.TryAdd(2), group.TryAdd(3)];

        Assert.Null(added[2]);
        gate.Open();
        var results = await Task.WhenAll(first, added[0]!, added[1]!);
        Assert.Equal([0, 2, 4], results);
    }

    [Fact]
    public async Task AddAsync_QueueFull_WaitsForRoom()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(Double), capacity: 1);
        var first = group.AddAsync(0);
        await gate.Reached;
        var second = group.AddAsync(1);
        var third = group.AddAsync(2);
        Assert.Null(group.TryAdd(3));

        gate.Open();

        var results = await Task.WhenAll(first, second, third);
        Assert.Equal([0, 2, 4], results);
    }

    [Fact]
    public async Task AddAsync_CallerGivesUpWhileItWaitsForRoom_TheItemIsNotWritten()
    {
        var gate = new Gate();
        await using var group = Group(gate.HoldFirst(Double), capacity: 1);
        var first = group.AddAsync(0);
        await gate.Reached;
        var second = group.AddAsync(1);
        using var giveUp = new CancellationTokenSource();
        var third = group.AddAsync(2, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);

        gate.Open();
        await Task.WhenAll(first, second);
        await group.DisposeAsync();

        Assert.Equal([0, 1], _batches.SelectMany(b => b));
    }

    [Fact]
    public async Task DisposeAsync_ItemsQueued_FlushesThemAndTakesNoMore()
    {
        var gate = new Gate();
        var group = Group(gate.HoldFirst(Double));
        var first = group.AddAsync(0);
        await gate.Reached;
        var others = Enumerable.Range(1, 5).Select(i => group.AddAsync(i)).ToArray();

        var disposing = group.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);
        Assert.Null(group.TryAdd(6));
        gate.Open();
        await disposing;

        var results = await Task.WhenAll(others.Prepend(first));
        Assert.Equal([0, 2, 4, 6, 8, 10], results);
        Assert.Equal(2, _batches.Count);
        await group.DisposeAsync();
    }

    [Fact]
    public async Task AddAsync_10000ItemsFrom64Callers_EachGetsItsOwnResult()
    {
        await using var group = Group(Double, capacity: 100);
        var next = -1;
        var wrong = 0;

        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < 10_000; i = Interlocked.Increment(ref next))
            {
                if (await group.AddAsync(i) != i * 2)
                    Interlocked.Increment(ref wrong);
            }
        })));

        Assert.Equal(0, wrong);
        Assert.Equal(Enumerable.Range(0, 10_000), _batches.SelectMany(b => b).Order());
    }

    private static Task<IReadOnlyList<int>> Double(IReadOnlyList<int> items) =>
        Task.FromResult<IReadOnlyList<int>>([.. items.Select(i => i * 2)]);

    private GroupCommit<int, int> Group(
        Func<IReadOnlyList<int>, Task<IReadOnlyList<int>>> flush, int maxBatch = 500, int capacity = 10_000) => new(
        "test",
        (items, _) =>
        {
            _batches.Enqueue([.. items]);
            return flush(items);
        },
        e => e switch
        {
            IOException => BatchFault.Outage,
            FormatException => BatchFault.Item,
            _ => BatchFault.Unknown,
        },
        maxBatch,
        capacity);

    /// <summary>Holds the first flush until it is opened.</summary>
    private sealed class Gate
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Open() => _open.SetResult();

        public Func<IReadOnlyList<int>, Task<IReadOnlyList<int>>> HoldFirst(
            Func<IReadOnlyList<int>, Task<IReadOnlyList<int>>> flush) => async items =>
        {
            _reached.TrySetResult();
            await _open.Task;
            return await flush(items);
        };
    }
}
