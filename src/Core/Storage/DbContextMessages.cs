using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Core.Storage;

/// <summary>The statements of inbox and outbox as EF Core writes them, for every database.</summary>
public sealed class DbContextMessages(IRunStatements runs) : IMessageStatements
{
    public async Task<IReadOnlySet<InboxKey>> FindHandledAsync(WriteScope scope, IReadOnlyCollection<InboxKey> keys, CancellationToken ct)
    {
        var handled = new HashSet<InboxKey>();
        foreach (var group in keys.GroupBy(k => k.Consumer, StringComparer.Ordinal))
        {
            Guid[] ids = [.. group.Select(k => k.MessageId)];
            var found = await scope.Db.Inbox.Where(m => m.Consumer == group.Key && ids.Contains(m.MessageId)).Select(m => m.MessageId).ToListAsync(ct);
            handled.UnionWith(found.Select(id => new InboxKey(group.Key, id)));
        }

        return handled;
    }

    public async Task<IReadOnlyCollection<InboxKey>> AddHandledAsync(
        WriteScope scope, IReadOnlyCollection<InboxKey> keys, DateTimeOffset now, CancellationToken ct)
    {
        var handled = await FindHandledAsync(scope, keys, ct);
        InboxKey[] fresh = [.. keys.Where(k => !handled.Contains(k))];
        scope.Db.Inbox.AddRange(fresh.Select(k => new InboxMessage { Consumer = k.Consumer, MessageId = k.MessageId, ReceivedAt = now }));
        await SaveAsync(scope, ct);
        return fresh;
    }

    public async Task RemoveHandledAsync(WriteScope scope, IReadOnlyCollection<InboxKey> keys, CancellationToken ct)
    {
        foreach (var group in keys.GroupBy(k => k.Consumer, StringComparer.Ordinal))
        {
            Guid[] ids = [.. group.Select(k => k.MessageId)];
            await scope.Db.Inbox.Where(m => m.Consumer == group.Key && ids.Contains(m.MessageId)).ExecuteDeleteAsync(ct);
        }
    }

    public async Task AddAsync(WriteScope scope, IReadOnlyList<OutboxMessage> messages, CancellationToken ct)
    {
        if (messages.Count == 0)
            return;
        scope.Db.Outbox.AddRange(messages);
        await SaveAsync(scope, ct);
    }

    public async Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(WriteScope scope, MessageWrite write)
    {
        var outcomes = await runs.InsertAsync(scope.Transaction, write.Runs, CancellationToken.None);
        await AddAsync(scope, write.Messages, CancellationToken.None);
        await scope.Transaction.CommitAsync(CancellationToken.None);
        return outcomes;
    }

    private static async Task SaveAsync(WriteScope scope, CancellationToken ct)
    {
        // The transaction is undone as a whole: a savepoint would be two more round trips.
        scope.Db.Database.AutoSavepointsEnabled = false;
        await scope.Db.SaveChangesAsync(ct);
        scope.Db.ChangeTracker.Clear();
    }
}
