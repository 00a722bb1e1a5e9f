using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet;

/// <summary>The EF Core form of <see cref="JobContext.CompleteAsync(System.Data.Common.DbTransaction, CancellationToken)"/>.</summary>
public static class CompleteWithDbContext
{
    /// <summary>Saves the changes of the context and completes the run in one transaction: all of it, or nothing. When the
    /// context has a transaction already, it is used and left for the caller to commit. A context that retries by itself
    /// (<c>EnableRetryOnFailure</c>) does so with the whole transaction.</summary>
    /// <param name="context">The run at hand.</param>
    /// <param name="db">A context on the database that Fleet uses.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker; nothing was committed.</exception>
    /// <exception cref="NonRetryableException">The context is on another database, or there is an ambient
    /// <c>TransactionScope</c>.</exception>
    public static async Task CompleteAsync(this JobContext context, DbContext db, CancellationToken ct = default)
    {
        if (!db.Database.IsRelational())
        {
            throw new NonRetryableException(
                $"{db.GetType()} uses {db.Database.ProviderName}, which has no transactions: CompleteAsync needs a context "
                + "on the database that Fleet uses.");
        }

        if (db.Database.CurrentTransaction is { } current)
        {
            await db.SaveChangesAsync(ct);
            await context.CompleteAsync(current.GetDbTransaction(), ct);
            return;
        }

        AmbientTransaction.Refuse();
        var tries = 0;
        await db.Database.CreateExecutionStrategy().ExecuteAsync(
            async token =>
            {
                tries++;
                await using var transaction = await db.Database.BeginTransactionAsync(token);
                // The changes count as saved when they are committed: another try has to save them again.
                await SaveAsync(db, token);
                try
                {
                    await context.CompleteAsync(transaction.GetDbTransaction(), token);
                }
                catch (RunCompletedException) when (tries > 1)
                {
                    // The try before was committed and its answer lost. Its changes are saved, once; those of this try are rolled back.
                    return;
                }

                await transaction.CommitAsync(token);
                (context as ICommitTaker)?.TakeCommit();
            },
            ct);
        db.ChangeTracker.AcceptAllChanges();
    }

    /// <summary>Saves without EF Core's savepoint, which would cost two round trips: if saving fails, the whole transaction is rolled
    /// back.</summary>
    private static async Task SaveAsync(DbContext db, CancellationToken ct)
    {
        var before = db.Database.AutoSavepointsEnabled;
        db.Database.AutoSavepointsEnabled = false;
        try
        {
            await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, ct);
        }
        finally
        {
            // The context may belong to a pool, or go on being used.
            db.Database.AutoSavepointsEnabled = before;
        }
    }
}
