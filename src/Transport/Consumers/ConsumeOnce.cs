using Fleet.Core.Inbox;
using Fleet.Core.Loops;
using Fleet.Core.Runs;
using Fleet.Core.Storage;
using MassTransit;
using MassTransit.Batching;
using MassTransit.Context;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.Transport.Consumers;

/// <summary>Consumes a message, or a batch of them, in one transaction: claims the ids, lets the consumer work, stores what it sent, commits.</summary>
internal sealed class ConsumeOnce<TDbContext>(
    TDbContext db, IServiceProvider services, IStorage storage, AcceptMessages inbox, EnqueueRuns enqueue, Wakers wakers, TimeProvider time)
    : IOutboxContextFactory<TDbContext>
    where TDbContext : DbContext
{
    /// <summary>How often a claim is tried when other deliveries of the same messages are in the way.</summary>
    private const int MostTries = 10;

    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetOutbox");

    public Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        Guid[] ids = context.Message is IEnumerable<ConsumeContext> batch ? [.. batch.Select(IdOf)] : [IdOf(context)];
        // A context that retries by itself wants to see the whole transaction.
        return db.Database.CreateExecutionStrategy().ExecuteAsync(() => ConsumeAsync(context, ids, options, next));
    }

    private static Guid IdOf(ConsumeContext context) => context.GetOriginalMessageId() ?? throw new MessageException(
        typeof(ConsumeContext), "The message has no message id (a GUID in message_id), so a second delivery could not be told from a second message. "
            + "Give it one, or consume it on an endpoint without UseFleetOutbox.");

    private static string NameOf(ConsumeContext context, OutboxConsumeOptions options)
    {
        // An id of MassTransit's own takes the place of a name that would not fit into the key.
        const int MaxName = 200;
        var name = $"{context.ReceiveContext.InputAddress.Segments[^1]}/{options.ConsumerType}";
        return name.Length <= MaxName ? name : options.ConsumerId.ToString();
    }

    private async Task ConsumeAsync<T>(
        ConsumeContext<T> context, Guid[] ids, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        for (var tries = 1; ; tries++)
        {
            db.ChangeTracker.Clear();
            await using var turn = await storage.TakeTurnAsync(context.CancellationToken);
            using var mark = turn is null ? null : WriteTurn.Begin();
            await using var transaction = await db.Database.BeginTransactionAsync(context.CancellationToken);
            await using var scope = storage.Enlist(transaction.GetDbTransaction());
            IReadOnlySet<Guid> fresh;
            try
            {
                fresh = await inbox.ExecuteAsync(scope, NameOf(context, options), ids, context.CancellationToken);
            }
            catch (Exception e) when (tries < MostTries && storage.IsConflict(e))
            {
                // Another delivery has just committed, or waited for us: this time it is found.
                continue;
            }

            var left = fresh.Count == 0 || fresh.Count == ids.Distinct().Count() ? context : Without(context, id => !fresh.Contains(id));
            var outbox = new ConsumerOutbox<T>(left, options, services, db, scope, storage, enqueue, time, isHandled: fresh.Count == 0);
            await next.Send(outbox);
            if (fresh.Count == 0)
                return;
            // Not canceled half-way: nobody would know whether it was committed.
            await transaction.CommitAsync(CancellationToken.None);
            outbox.Announce(wakers);
            return;
        }
    }

    /// <summary>A batch without the messages that were handled before.</summary>
    private static ConsumeContext<T> Without<T>(ConsumeContext<T> context, Func<Guid, bool> isHandled) where T : class
    {
        var item = typeof(T).GetGenericArguments()[0];
        return (ConsumeContext<T>)typeof(ConsumeOnce<TDbContext>)
            .GetMethod(nameof(BatchWithout), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
            .MakeGenericMethod(item).Invoke(null, [context, isHandled])!;
    }

    private static BatchConsumeContext<TItem> BatchWithout<TItem>(ConsumeContext<Batch<TItem>> context, Func<Guid, bool> isHandled) where TItem : class
    {
        var batch = context.Message;
        return new(context, new MessageBatch<TItem>(
            batch.FirstMessageReceived, batch.LastMessageReceived, batch.Mode, [.. batch.Where(m => !isHandled(IdOf(m)))]));
    }
}
