using System.Collections.Concurrent;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Inbox;

/// <summary>The messages that consumers of this process are working on. A second delivery of the same message waits here until the first
/// has ended, without a connection or a lock in the database.</summary>
public sealed class MessagesUnderWay
{
    private readonly ConcurrentDictionary<InboxKey, TaskCompletionSource> _underWay = new();

    /// <summary>Waits until nobody else is working on one of the messages. Dispose the result when the work has ended.</summary>
    public ValueTask<IDisposable> EnterAsync(string consumer, IReadOnlyList<Guid> messageIds, CancellationToken ct)
    {
        var entered = new Entered(this);
        if (messageIds.Count != 1)
            return EnterAllAsync(entered, InboxKey.InOrder(messageIds.Select(id => new InboxKey(consumer, id))), ct);
        var key = new InboxKey(consumer, messageIds[0]);
        if (!_underWay.TryAdd(key, entered.Ended))
            return EnterAllAsync(entered, [key], ct);
        entered.Keys.Add(key);
        return new ValueTask<IDisposable>(entered);
    }

    private async ValueTask<IDisposable> EnterAllAsync(Entered entered, IEnumerable<InboxKey> keys, CancellationToken ct)
    {
        try
        {
            // Always in the same order, so that two batches with the same messages do not wait for each other.
            foreach (var key in keys)
            {
                while (true)
                {
                    var other = _underWay.GetOrAdd(key, entered.Ended);
                    if (other == entered.Ended)
                        break;
                    await other.Task.WaitAsync(ct);
                }

                entered.Keys.Add(key);
            }

            return entered;
        }
        catch
        {
            entered.Dispose();
            throw;
        }
    }

    private sealed class Entered(MessagesUnderWay owner) : IDisposable
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<InboxKey> Keys { get; } = new(1);

        public void Dispose()
        {
            foreach (var key in Keys)
                owner._underWay.TryRemove(key, out _);
            Ended.TrySetResult();
        }
    }
}
