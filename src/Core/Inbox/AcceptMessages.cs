using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Inbox;

/// <summary>Stores the ids of messages in the transaction of their effect, so that a second delivery is recognised.</summary>
public sealed class AcceptMessages(IStorage storage, TimeProvider time)
{
    /// <param name="session">The transaction of the effect.</param>
    /// <param name="consumer">The consumer. The same message may go to several consumers.</param>
    /// <param name="messageIds">The messages; more than one when they are handled as a batch.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <remarks>If a message is delivered twice at the same moment, the second call waits until the first has committed. Then it finds the
    /// message handled, or, on some databases, the primary key refuses it (<see cref="IStorage.IsConflict"/>): begin a new transaction,
    /// which finds the message handled.</remarks>
    /// <returns>The ids that this consumer has not handled before. Skip the work of the others.</returns>
    public async Task<IReadOnlySet<Guid>> ExecuteAsync(
        StorageSession session, string consumer, IReadOnlyCollection<Guid> messageIds, CancellationToken ct)
    {
        InboxKey[] keys = [.. InboxKey.InOrder(messageIds.Select(id => new InboxKey(consumer, id)))];
        var added = await storage.Messages.AddHandledAsync(session, keys, time.GetUtcNow(), ct);
        return added.Select(key => key.MessageId).ToHashSet();
    }
}
