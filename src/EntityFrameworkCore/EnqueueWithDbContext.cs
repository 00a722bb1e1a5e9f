using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet;

/// <summary>The EF Core form of <see cref="EnqueueOptions.Transaction"/>.</summary>
public static class EnqueueWithDbContext
{
    /// <summary>Saves the changes of the context and stores the run in one transaction: all of it, or nothing. When the context has a
    /// transaction already, it is used and left for the caller to commit. A context that retries by itself
    /// (<c>EnableRetryOnFailure</c>) does so with the whole transaction.</summary>
    /// <remarks>The run starts up to a second after the commit: the scheduler finds it, because this process cannot tell when a transaction
    /// of the caller is committed.</remarks>
    /// <param name="client">The client of a program that runs Fleet inside.</param>
    /// <param name="db">A context on the database that Fleet uses.</param>
    /// <param name="args">The args; their type names the job.</param>
    /// <param name="options">How the run is to be executed, without <see cref="EnqueueOptions.Transaction"/>.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <returns>The id of the run.</returns>
    /// <exception cref="ArgumentException">The options name a transaction, or the context has none.</exception>
    /// <exception cref="InvalidRunException">The job is unknown, or a field is out of range; nothing was stored.</exception>
    /// <exception cref="IdempotencyConflictException">The key belongs to another request; nothing was stored.</exception>
    public static async Task<RunId> EnqueueAsync<TArgs>(
        this IFleetClient client, DbContext db, TArgs args, EnqueueOptions? options = null, CancellationToken ct = default)
        where TArgs : notnull
    {
        if (options?.Transaction is not null)
            throw new ArgumentException("The transaction is that of the context; leave EnqueueOptions.Transaction out.", nameof(options));
        if (!db.Database.IsRelational())
            throw new ArgumentException($"{db.GetType()} uses {db.Database.ProviderName}, which has no transactions.", nameof(db));
        options ??= new EnqueueOptions();
        if (db.Database.CurrentTransaction is { } current)
        {
            await db.SaveChangesAsync(ct);
            return await client.EnqueueAsync(args, options with { Transaction = current.GetDbTransaction() }, ct);
        }

        RunId? run = null;
        await db.Database.CreateExecutionStrategy().ExecuteInTransactionAsync(
            async token =>
            {
                // The changes count as saved when they are committed: another try has to save them again.
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, token);
                var transaction = db.Database.CurrentTransaction!.GetDbTransaction();
                run = await client.EnqueueAsync(args, options with { Transaction = transaction }, token);
            },
            // After a commit whose answer was lost: the run is there if and only if the commit was done. With the caller's key, it may be
            // the run of an earlier request.
            async token => options.IdempotencyKey is null && run is { } id && await client.GetAsync(id, token) is not null,
            ct);
        db.ChangeTracker.AcceptAllChanges();
        return run!.Value;
    }
}
