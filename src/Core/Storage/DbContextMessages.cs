using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Storage;

/// <summary>The statements of inbox and outbox as EF Core writes them, for every database.</summary>
public sealed class DbContextMessages(IRunStatements runs) : IMessageStatements
{
    public async Task<IReadOnlySet<InboxKey>> FindHandledAsync(
        StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct)
    {
        var handled = new HashSet<InboxKey>();
        foreach (var group in keys.GroupBy(k => k.Consumer, StringComparer.Ordinal))
        {
            Guid[] ids = [.. group.Select(k => k.MessageId)];
            var found = await session.Db.Inbox
                .Where(m => m.Consumer == group.Key && ids.Contains(m.MessageId))
                .Select(m => m.MessageId)
                .ToListAsync(ct);
            handled.UnionWith(found.Select(id => new InboxKey(group.Key, id)));
        }

        return handled;
    }

    public async Task<IReadOnlyCollection<InboxKey>> AddHandledAsync(
        StorageSession session, IReadOnlyCollection<InboxKey> keys, DateTimeOffset now, CancellationToken ct)
    {
        var handled = await FindHandledAsync(session, keys, ct);
        InboxKey[] fresh = [.. keys.Where(k => !handled.Contains(k))];
        session.Db.Inbox.AddRange(fresh.Select(k => new InboxMessage { Consumer = k.Consumer, MessageId = k.MessageId, ReceivedAt = now }));
        await SaveAsync(session, ct);
        return fresh;
    }

    public async Task RemoveHandledAsync(StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct)
    {
        foreach (var group in keys.GroupBy(k => k.Consumer, StringComparer.Ordinal))
        {
            Guid[] ids = [.. group.Select(k => k.MessageId)];
            await session.Db.Inbox.Where(m => m.Consumer == group.Key && ids.Contains(m.MessageId)).ExecuteDeleteAsync(ct);
        }
    }

    public async Task AddAsync(StorageSession session, IReadOnlyList<OutboxMessage> messages, CancellationToken ct)
    {
        if (messages.Count == 0)
            return;
        session.Db.Outbox.AddRange(messages);
        await SaveAsync(session, ct);
    }

    public async Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(StorageSession session, MessageWrite write)
    {
        var outcomes = await runs.InsertAsync(session, write.Runs, CancellationToken.None);
        await AddAsync(session, write.Messages, CancellationToken.None);
        await session.Transaction.CommitAsync(CancellationToken.None);
        return outcomes;
    }

    private static async Task SaveAsync(StorageSession session, CancellationToken ct)
    {
        // The transaction is rolled back as a whole; a savepoint would cost two more round trips.
        session.Db.Database.AutoSavepointsEnabled = false;
        await session.Db.SaveChangesAsync(ct);
        session.Db.ChangeTracker.Clear();
    }
}
