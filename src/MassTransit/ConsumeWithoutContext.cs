using Fleet.Core.Inbox;
using Fleet.Core.Storage;
using Fleet.Core.Storage.Rows;
using MassTransit;
using MassTransit.Middleware;

namespace Fleet.MassTransit;

/// <summary>The type argument for consumers without a <c>DbContext</c>.</summary>
internal sealed class NoContext;

/// <summary>Handles a message or a batch for a consumer without a <c>DbContext</c>. A consumer that uses the transaction of its messages
/// gets one, as with <see cref="ConsumeOnce{TDbContext}"/>. For all other consumers no transaction is opened, and the results of many
/// consumers share a commit.</summary>
internal sealed class ConsumeWithoutContext(IServiceProvider services, ConsumerParts parts) : IOutboxContextFactory<NoContext>
{
    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetOutbox");

    public async Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        var delivery = new Delivery<T>(
            context, DeliveredMessages.ConsumerOf(context, options), DeliveredMessages.IdsOf(context), options, next);
        using var alone = await parts.UnderWay.EnterAsync(delivery.Consumer, delivery.Ids, context.CancellationToken);
        if (parts.Habits.NeedsTransaction(delivery.Consumer) || !await ConsumeTogetherAsync(delivery))
            await ConsumeInTransactionAsync(delivery);
    }

    private async Task ConsumeInTransactionAsync<T>(Delivery<T> delivery) where T : class
    {
        var ct = delivery.Context.CancellationToken;
        for (var tries = 1; ; tries++)
        {
            await using var transaction = await parts.Storage.BeginAsync(ct);
            using var mark = parts.Storage.HasOneWriter ? WriteTurn.Begin() : null;
            IReadOnlySet<Guid> fresh;
            try
            {
                fresh = await parts.Accept.ExecuteAsync(transaction.Session, delivery.Consumer, delivery.Ids, ct);
            }
            catch (Exception e) when (parts.IsConflict(e, tries))
            {
                // Another delivery has just committed or waited for this one; the next try finds it.
                continue;
            }

            var outbox = NewOutbox(delivery, fresh, () => transaction.Session.Transaction);
            await delivery.Next.Send(outbox);
            if (fresh.Count == 0)
                return;
            Committed(delivery, outbox, await transaction.CommitAsync(outbox.Write));
            return;
        }
    }

    /// <returns>False if another process has handled some of the messages in the meantime; nothing was stored.</returns>
    private async Task<bool> ConsumeTogetherAsync<T>(Delivery<T> delivery) where T : class
    {
        var ct = delivery.Context.CancellationToken;
        var fresh = await parts.Find.ExecuteAsync(delivery.Consumer, delivery.Ids);
        await using var late = new LateTransaction(parts.Storage);
        var outbox = NewOutbox(delivery, fresh, () => late.Get().Session.Transaction);
        await delivery.Next.Send(outbox);
        if (fresh.Count == 0)
            return true;

        IReadOnlyList<EnqueueOutcome>? outcomes;
        if (late.Transaction is { } transaction)
        {
            // The consumer has begun to use its transaction; from now on it is opened before the call.
            parts.Habits.Note(delivery.Consumer, usedTransaction: true);
            var claimed = await parts.Accept.ExecuteAsync(transaction.Session, delivery.Consumer, fresh, ct);
            outcomes = claimed.Count == fresh.Count ? await transaction.CommitAsync(outbox.Write) : null;
        }
        else
        {
            var (messages, runs) = outbox.Write;
            outcomes = await parts.Commit.ExecuteAsync(new ConsumedMessages(delivery.Consumer, fresh, messages, runs));
        }

        if (outcomes is null)
            return false;
        Committed(delivery, outbox, outcomes);
        return true;
    }

    private ConsumerOutbox<T> NewOutbox<T>(
        Delivery<T> delivery, IReadOnlyCollection<Guid> fresh, Func<System.Data.Common.DbTransaction> getTransaction)
        where T : class =>
        new(
            DeliveredMessages.Only(delivery.Context, delivery.Ids, fresh), delivery.Options, services, parts, getTransaction,
            isHandled: fresh.Count == 0);

    private void Committed<T>(Delivery<T> delivery, ConsumerOutbox<T> outbox, IReadOnlyList<EnqueueOutcome> outcomes) where T : class
    {
        parts.Habits.Note(delivery.Consumer, outbox.HasUsedTransaction);
        outbox.Announce(outcomes);
    }

    private readonly record struct Delivery<T>(
        ConsumeContext<T> Context, string Consumer, Guid[] Ids, OutboxConsumeOptions Options,
        IPipe<OutboxConsumeContext<T>> Next) where T : class;

    /// <summary>The transaction for a consumer that asks for it for the first time.</summary>
    private sealed class LateTransaction(IStorage storage) : IAsyncDisposable
    {
        private readonly Lock _lock = new();
        private IDisposable? _mark;

        public OpenTransaction? Transaction { get; private set; }

        /// <remarks>Blocks the thread, because the consumer's call is synchronous. This happens only to the messages that are being handled
        /// at that moment; later messages get their transaction before the consumer is called.</remarks>
        public OpenTransaction Get()
        {
            lock (_lock)
            {
                if (Transaction is not null)
                    return Transaction;
                Transaction = storage.BeginAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                _mark = storage.HasOneWriter ? WriteTurn.Begin() : null;
                return Transaction;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _mark?.Dispose();
            if (Transaction is not null)
                await Transaction.DisposeAsync();
        }
    }
}
