using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Storage;

/// <summary>The statements of inbox and outbox, each over a set of rows.</summary>
public interface IMessageStatements
{
    /// <returns>Those of the messages that were handled before.</returns>
    Task<IReadOnlySet<InboxKey>> FindHandledAsync(StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct);

    /// <summary>Remembers messages as handled.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="keys">Each message once, in the order of <see cref="InboxKey.InOrder"/>.</param>
    /// <param name="now">When they were received.</param>
    /// <param name="ct">Cancels the statement.</param>
    /// <remarks>A message that another transaction is remembering is waited for. It is then left out, or the statement fails with an error
    /// that <see cref="IStorage.IsConflict"/> knows.</remarks>
    /// <returns>Those that were not handled before.</returns>
    Task<IReadOnlyCollection<InboxKey>> AddHandledAsync(
        StorageSession session, IReadOnlyCollection<InboxKey> keys, DateTimeOffset now, CancellationToken ct);

    /// <summary>Forgets messages that this transaction has remembered.</summary>
    Task RemoveHandledAsync(StorageSession session, IReadOnlyCollection<InboxKey> keys, CancellationToken ct);

    /// <summary>Adds messages to the outbox, in their order.</summary>
    Task AddAsync(StorageSession session, IReadOnlyList<OutboxMessage> messages, CancellationToken ct);

    /// <summary>Stores messages and runs and commits the transaction, on PostgreSQL in one round trip. It is not canceled half-way: nobody
    /// would know whether it was committed.</summary>
    /// <returns>What became of each run.</returns>
    Task<IReadOnlyList<EnqueueOutcome>> CommitAsync(StorageSession session, MessageWrite write);
}

/// <summary>What is stored with the commit of a transaction.</summary>
/// <param name="Messages">For the outbox.</param>
/// <param name="Runs">New runs.</param>
public readonly record struct MessageWrite(IReadOnlyList<OutboxMessage> Messages, IReadOnlyList<NewRun> Runs);
