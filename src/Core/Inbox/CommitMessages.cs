using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Inbox;

/// <summary>The results of a consumer that has no transaction of its own.</summary>
/// <param name="Consumer">Who handled the messages.</param>
/// <param name="MessageIds">The messages that it handled; more than one for a batch.</param>
/// <param name="Messages">What it sent.</param>
/// <param name="Runs">What it enqueued.</param>
public sealed record ConsumedMessages(
    string Consumer, IReadOnlyCollection<Guid> MessageIds, IReadOnlyList<OutboxMessage> Messages, IReadOnlyList<NewRun> Runs)
{
    public IEnumerable<InboxKey> Keys => MessageIds.Select(id => new InboxKey(Consumer, id));
}

/// <summary>Stores the ids of handled messages together with the messages and runs of their consumers. Consumers that end at the same time
/// share a commit.</summary>
public sealed class CommitMessages : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly TimeProvider _time;
    private readonly GroupCommit<ConsumedMessages, IReadOnlyList<EnqueueOutcome>?> _group;

    public CommitMessages(IStorage storage, TimeProvider time)
    {
        _storage = storage;
        _time = time;
        _group = new("inbox", CommitAsync, storage.JudgeBatch);
    }

    /// <returns>The outcomes of the runs. Null if another process has handled some of the messages in the meantime; then nothing was
    /// stored.</returns>
    /// <exception cref="Exception">Nothing was stored, or the answer to the commit was lost.</exception>
    /// <remarks>Cannot be canceled, because the caller would not know whether it was committed.</remarks>
    public Task<IReadOnlyList<EnqueueOutcome>?> ExecuteAsync(ConsumedMessages consumed) => _group.AddAsync(consumed);

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    /// <summary>If another process has just handled one of the messages, the next try finds it.</summary>
    private Task<IReadOnlyList<IReadOnlyList<EnqueueOutcome>?>> CommitAsync(IReadOnlyList<ConsumedMessages> items, CancellationToken ct) =>
        // A single id is handled or not, so one statement needs no transaction.
        _storage.RetryConflictsAsync(() => items.All(i => i is { MessageIds.Count: 1, Messages.Count: 0, Runs.Count: 0 })
            ? _storage.AutocommitAsync(session => RememberAsync(session, items, ct), ct)
            : CommitAllAsync(items, ct));

    private async Task<IReadOnlyList<IReadOnlyList<EnqueueOutcome>?>> RememberAsync(
        StorageSession session, IReadOnlyList<ConsumedMessages> items, CancellationToken ct)
    {
        var added = (await AddAsync(session, items, ct)).ToHashSet();
        return [.. items.Select(item => item.Keys.All(added.Remove) ? Array.Empty<EnqueueOutcome>() : null)];
    }

    private async Task<IReadOnlyList<IReadOnlyList<EnqueueOutcome>?>> CommitAllAsync(
        IReadOnlyList<ConsumedMessages> items, CancellationToken ct)
    {
        var whole = new bool[items.Count];
        var outcomes = await _storage.WriteMessagesAsync(
            async session =>
            {
                var added = (await AddAsync(session, items, ct)).ToHashSet();
                List<InboxKey> torn = [];
                for (var i = 0; i < items.Count; i++)
                {
                    var own = items[i].Keys.Where(added.Remove).ToList();
                    whole[i] = own.Count == items[i].MessageIds.Count;
                    if (!whole[i])
                        torn.AddRange(own);
                }

                // If another process has handled a part of a batch, nothing of the batch is stored, and its consumer is called again
                // without that part.
                if (torn.Count > 0)
                    await _storage.Messages.RemoveHandledAsync(session, torn, ct);
                var stored = items.Where((_, i) => whole[i]).ToList();
                return new MessageWrite([.. stored.SelectMany(i => i.Messages)], [.. stored.SelectMany(i => i.Runs)]);
            },
            ct);

        var results = new IReadOnlyList<EnqueueOutcome>?[items.Count];
        var next = 0;
        for (var i = 0; i < items.Count; i++)
        {
            if (!whole[i])
                continue;
            results[i] = [.. outcomes.Skip(next).Take(items[i].Runs.Count)];
            next += items[i].Runs.Count;
        }

        return results;
    }

    private Task<IReadOnlyCollection<InboxKey>> AddAsync(
        StorageSession session, IReadOnlyList<ConsumedMessages> items, CancellationToken ct) =>
        _storage.Messages.AddHandledAsync(session, [.. InboxKey.InOrder(items.SelectMany(i => i.Keys))], _time.GetUtcNow(), ct);
}
