using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Inbox;

/// <summary>Remembers messages in the transaction of their effect, so that a second delivery finds them handled.</summary>
public sealed class AcceptMessages(IStorage storage, TimeProvider time)
{
    /// <param name="session">The transaction of the effect.</param>
    /// <param name="consumer">Who handles them; the same message may go to several.</param>
    /// <param name="messageIds">The messages; more than one when they are handled as a batch.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <remarks>Of two deliveries at the same moment the second waits for the first to commit. Then it finds the message handled, or,
    /// depending on the database, it is refused by the primary key (<see cref="IStorage.IsConflict"/>): begin a new transaction, which
    /// finds the message handled.</remarks>
    /// <returns>The ids that this consumer has not handled before; the work of the others is to be skipped.</returns>
    public async Task<IReadOnlySet<Guid>> ExecuteAsync(
        StorageSession session, string consumer, IReadOnlyCollection<Guid> messageIds, CancellationToken ct)
    {
        InboxKey[] keys = [.. InboxKey.InOrder(messageIds.Select(id => new InboxKey(consumer, id)))];
        var added = await storage.Messages.AddHandledAsync(session, keys, time.GetUtcNow(), ct);
        return added.Select(key => key.MessageId).ToHashSet();
    }
}
