using Fleet.Core.Storage;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Inbox;

/// <summary>Remembers a message in the transaction of its effect, so that a second delivery finds it handled.</summary>
public sealed class AcceptMessages(TimeProvider time)
{
    /// <remarks>Inside <see cref="ConflictingWrites.WriteRetryingAsync{T}"/>: of two deliveries at the same moment, one is
    /// refused by the primary key and finds the message handled when it is done again.</remarks>
    /// <returns>False when this consumer has handled the message before: skip the work.</returns>
    public async Task<bool> ExecuteAsync(WriteScope scope, string consumer, Guid messageId, CancellationToken ct)
    {
        if (await scope.Db.Inbox.AnyAsync(m => m.Consumer == consumer && m.MessageId == messageId, ct))
            return false;
        scope.Db.Inbox.Add(new InboxMessage { Consumer = consumer, MessageId = messageId, ReceivedAt = time.GetUtcNow() });
        await scope.Db.SaveChangesAsync(ct);
        return true;
    }
}
