using System.Diagnostics;
using Fleet.Core.Storage;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet.MassTransit;

/// <summary>Consumes a message, or a batch of them, in one transaction of the application's context: claims the ids, lets the consumer
/// work, saves the context, stores what the consumer sent, commits.</summary>
internal sealed class ConsumeOnce<TDbContext>(TDbContext db, IServiceProvider services, ConsumerParts parts)
    : IOutboxContextFactory<TDbContext>
    where TDbContext : DbContext
{
    public void Probe(ProbeContext context) => context.CreateFilterScope("fleetOutbox");

    public async Task Send<T>(ConsumeContext<T> context, OutboxConsumeOptions options, IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        var ids = DeliveredMessages.IdsOf(context);
        var consumer = DeliveredMessages.ConsumerOf(context, options);
        using var alone = await parts.UnderWay.EnterAsync(consumer, ids, context.CancellationToken);
        // An execution strategy that retries must contain the whole transaction.
        await db.Database.CreateExecutionStrategy().ExecuteAsync(() => ConsumeAsync(context, consumer, ids, options, next));
    }

    private async Task ConsumeAsync<T>(
        ConsumeContext<T> context, string consumer, Guid[] ids, OutboxConsumeOptions options,
        IPipe<OutboxConsumeContext<T>> next) where T : class
    {
        for (var tries = 1; ; tries++)
        {
            db.ChangeTracker.Clear();
            using var pass = parts.Storage.Transactions is { } gate ? await gate.EnterAsync(context.CancellationToken) : null;
            await using var turn = await parts.Storage.TakeTurnAsync(context.CancellationToken);
            using var mark = turn is null ? null : WriteTurn.Begin();
            await using var transaction = await db.Database.BeginTransactionAsync(context.CancellationToken);
            await using var session = parts.Storage.Enlist(transaction.GetDbTransaction());
            IReadOnlySet<Guid> fresh;
            try
            {
                fresh = await parts.Accept.ExecuteAsync(session, consumer, ids, context.CancellationToken);
            }
            catch (Exception e) when (parts.IsConflict(e, tries))
            {
                // Another delivery has just committed or waited for this one; the next try finds it.
                continue;
            }

            var outbox = new ConsumerOutbox<T>(
                DeliveredMessages.Only(context, ids, fresh), options, services, parts, () =>
                    session.Transaction, isHandled: fresh.Count == 0);
            await next.Send(outbox);
            if (fresh.Count == 0)
                return;
            await SaveAsync(context.CancellationToken);
            var begun = Stopwatch.GetTimestamp();
            var outcomes = await CommitAsync(transaction, session, outbox.Write);
            pass?.Took(Stopwatch.GetElapsedTime(begun));
            outbox.Announce(outcomes);
            return;
        }
    }

    private async Task SaveAsync(CancellationToken ct)
    {
        // The transaction is rolled back as a whole; a savepoint would cost two more round trips.
        var savepoints = db.Database.AutoSavepointsEnabled;
        db.Database.AutoSavepointsEnabled = false;
        try
        {
            await db.SaveChangesAsync(ct);
        }
        finally
        {
            db.Database.AutoSavepointsEnabled = savepoints;
        }
    }

    private async Task<IReadOnlyList<Core.Storage.Rows.EnqueueOutcome>> CommitAsync(
        IDbContextTransaction transaction, StorageSession session, MessageWrite write)
    {
        var (storage, none) = (parts.Storage, CancellationToken.None);
        // Interceptors of the application must see EF Core's own commit.
        if (db.GetService<IInterceptors>().Aggregate<IDbTransactionInterceptor>() is null)
            return await storage.Messages.CommitAsync(session, write);
        var outcomes = await storage.Statements.InsertAsync(session, write.Runs, none);
        await storage.Messages.AddAsync(session, write.Messages, none);
        await transaction.CommitAsync(none);
        return outcomes;
    }
}
