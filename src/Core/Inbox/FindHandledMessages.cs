using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Inbox;

/// <summary>Finds the messages that a consumer has not handled before. Calls that arrive together share one statement.</summary>
public sealed class FindHandledMessages : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly GroupCommit<InboxKey[], IReadOnlySet<InboxKey>> _group;

    public FindHandledMessages(IStorage storage)
    {
        _storage = storage;
        _group = new("inbox-look", FindAsync, storage.JudgeBatch);
    }

    /// <returns>Those of the messages that were not handled before.</returns>
    /// <exception cref="Exception">The database is away.</exception>
    public async Task<IReadOnlyCollection<Guid>> ExecuteAsync(string consumer, Guid[] messageIds)
    {
        var handled = await _group.AddAsync([.. messageIds.Select(id => new InboxKey(consumer, id))]);
        return handled.Count == 0 ? messageIds : [.. messageIds.Where(id => !handled.Contains(new InboxKey(consumer, id)))];
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private async Task<IReadOnlyList<IReadOnlySet<InboxKey>>> FindAsync(IReadOnlyList<InboxKey[]> questions, CancellationToken ct)
    {
        InboxKey[] keys = [.. InboxKey.InOrder(questions.SelectMany(q => q))];
        var handled = await _storage.AutocommitAsync(session => _storage.Messages.FindHandledAsync(session, keys, ct), ct);
        var answers = new IReadOnlySet<InboxKey>[questions.Count];
        Array.Fill(answers, handled);
        return answers;
    }
}
