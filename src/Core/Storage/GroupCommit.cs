using System.Threading.Channels;
using Fleet.Core.Telemetry;

namespace Fleet.Core.Storage;

/// <summary>Combines many small writes into a few large ones. Callers await their own result. One flusher takes all items that were queued
/// during the last flush, so the load itself determines the batch size: a single item is written immediately, a thousand items take a few
/// statements. It never waits for more items.</summary>
/// <typeparam name="TItem">What is written.</typeparam>
/// <typeparam name="TResult">What its caller learns.</typeparam>
public sealed class GroupCommit<TItem, TResult> : IAsyncDisposable
{
    /// <summary>Writes a batch in one transaction.</summary>
    /// <returns>One result per item, in order.</returns>
    public delegate Task<IReadOnlyList<TResult>> FlushBatch(IReadOnlyList<TItem> items, CancellationToken ct);

    /// <summary>After this many items in a row have failed alone for a reason that may not be their own, the other items fail without a
    /// try. Otherwise, on a database that returns only errors, every batch would become five hundred statements.</summary>
    private const int MaxFailuresInARow = 3;

    private readonly Channel<Entry> _queue;
    private readonly FlushBatch _flush;
    private readonly Func<Exception, BatchFault> _judge;
    private readonly int _maxBatch;
    private readonly KeyValuePair<string, object?> _tag;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _flusher;

    /// <param name="name">Names the batch-size metric.</param>
    /// <param name="flush">Writes a batch.</param>
    /// <param name="judge">Tells failures of the database, which fail the whole batch, from failures of an item.</param>
    /// <param name="maxBatch">Items per flush.</param>
    /// <param name="capacity">Maximum number of waiting items. Beyond it, <see cref="AddAsync"/> waits and <see cref="TryAdd"/>
    /// refuses.</param>
    public GroupCommit(string name, FlushBatch flush, Func<Exception, BatchFault> judge, int maxBatch = 500, int capacity = 10_000)
    {
        _flush = flush;
        _judge = judge;
        _maxBatch = maxBatch;
        _tag = new("group", name);
        _queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(capacity) { SingleReader = true });
        // Started here and not at the first item, because two first callers would race to start it.
        _flusher = Task.Run(FlushLoopAsync);
    }

    /// <summary>Adds an item and waits until it is committed; waits for room first when the queue is full.</summary>
    public Task<TResult> AddAsync(TItem item, CancellationToken ct = default)
    {
        WriteTurn.RefuseInside();
        var entry = new Entry(item);
        return _queue.Writer.TryWrite(entry) ? entry.Task.WaitAsync(ct) : WaitForRoomAsync();

        async Task<TResult> WaitForRoomAsync()
        {
            await _queue.Writer.WriteAsync(entry, ct);
            return await entry.Task.WaitAsync(ct);
        }
    }

    /// <summary>Adds an item unless the queue is full.</summary>
    /// <returns>Null when there is no room.</returns>
    public Task<TResult>? TryAdd(TItem item)
    {
        WriteTurn.RefuseInside();
        var entry = new Entry(item);
        return _queue.Writer.TryWrite(entry) ? entry.Task : null;
    }

    /// <summary>Commits what has queued up, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
            return;
        await _flusher;
        _stop.Dispose();
    }

    private async Task FlushLoopAsync()
    {
        // Whoever created this may have been inside a write. The flusher writes for all callers, and each of them was asked for itself.
        WriteTurn.Leave();
        var batch = new List<Entry>(_maxBatch);
        while (await _queue.Reader.WaitToReadAsync())
        {
            await LetQueueUpAsync();
            while (batch.Count < _maxBatch && _queue.Reader.TryRead(out var entry))
                batch.Add(entry);
            FleetMetrics.GroupCommitSize.Record(batch.Count, _tag);
            await FlushAsync(batch);
            batch.Clear();
        }
    }

    /// <summary>Yields to the thread pool repeatedly while new items arrive. So callers whose last item was just committed can add their
    /// next one to the same flush. Without other work this takes microseconds.</summary>
    private async Task LetQueueUpAsync()
    {
        int waiting;
        do
        {
            waiting = _queue.Reader.Count;
            await Task.Yield();
        }
        while (_queue.Reader.Count > waiting && waiting < _maxBatch);
    }

    private async Task FlushAsync(List<Entry> batch)
    {
        try
        {
            SetResults(batch, await _flush(new Items(batch), _stop.Token));
        }
        catch (Exception e) when (batch.Count == 1 || _judge(e) == BatchFault.Outage)
        {
            Fail(batch, e);
        }
        catch (Exception)
        {
            // One bad item rolled back the whole transaction. One by one, the good items succeed and the bad one fails.
            await FlushAloneAsync(batch);
        }
    }

    private async Task FlushAloneAsync(List<Entry> batch)
    {
        var failures = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            try
            {
                List<Entry> alone = [batch[i]];
                SetResults(alone, await _flush(new Items(alone), _stop.Token));
                failures = 0;
            }
            catch (Exception e)
            {
                batch[i].TrySetException(e);
                var fault = _judge(e);
                if (fault == BatchFault.Unknown)
                    failures++;
                if (fault == BatchFault.Outage || failures == MaxFailuresInARow)
                {
                    Fail(batch[(i + 1)..], e);
                    return;
                }
            }
        }
    }

    private static void SetResults(List<Entry> entries, IReadOnlyList<TResult> results)
    {
        for (var i = 0; i < entries.Count; i++)
            entries[i].SetResult(results[i]);
    }

    private static void Fail(List<Entry> entries, Exception e)
    {
        foreach (var entry in entries)
            entry.TrySetException(e);
    }

    private sealed class Entry(TItem item) : TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TItem Item { get; } = item;
    }

    /// <summary>The items of the entries, without a copy.</summary>
    private sealed class Items(List<Entry> entries) : IReadOnlyList<TItem>
    {
        public TItem this[int index] => entries[index].Item;

        public int Count => entries.Count;

        public IEnumerator<TItem> GetEnumerator()
        {
            foreach (var entry in entries)
                yield return entry.Item;
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
