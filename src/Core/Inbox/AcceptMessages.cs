using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Inbox;

/// <summary>Remembers messages in the transaction of their effect, so that a second delivery finds them handled.</summary>
public sealed class AcceptMessages(TimeProvider time)
{
    /// <param name="scope">The transaction of the effect.</param>
    /// <param name="consumer">Who handles them; the same message may go to several.</param>
    /// <param name="messageIds">The messages; more than one when they are handled as a batch.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <remarks>Of two deliveries at the same moment the second waits for the first to commit, and is then refused by the primary
    /// key (<see cref="IStorage.IsConflict"/>): begin a new transaction, which finds the message handled.</remarks>
    /// <returns>The ids that this consumer has not handled before; the work of the others is to be skipped.</returns>
    public async Task<IReadOnlySet<Guid>> ExecuteAsync(
        WriteScope scope, string consumer, IReadOnlyCollection<Guid> messageIds, CancellationToken ct)
    {
        var fresh = messageIds.ToHashSet();
        fresh.ExceptWith(await scope.Db.Inbox
            .Where(m => m.Consumer == consumer && messageIds.Contains(m.MessageId)).Select(m => m.MessageId).ToListAsync(ct));
        if (fresh.Count == 0)
            return fresh;
        var now = time.GetUtcNow();
        // In the order of their ids: two batches that share messages wait for each other and do not deadlock.
        scope.Db.Inbox.AddRange(fresh.Order().Select(id => new InboxMessage { Consumer = consumer, MessageId = id, ReceivedAt = now }));
        await scope.Db.SaveChangesAsync(ct);
        return fresh;
    }
}
