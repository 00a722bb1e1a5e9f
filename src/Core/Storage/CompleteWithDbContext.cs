using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Fleet;

/// <summary>The EF Core form of <see cref="JobContext.CompleteAsync(System.Data.Common.DbTransaction, CancellationToken)"/>.</summary>
public static class CompleteWithDbContext
{
    /// <summary>Saves the changes of the context and completes the run in one transaction: all of it, or nothing. When the
    /// context has a transaction already, it is used and left for the caller to commit.</summary>
    /// <param name="context">The run at hand.</param>
    /// <param name="db">A context on the database that Fleet uses.</param>
    /// <param name="ct">Cancels the transaction.</param>
    /// <exception cref="LeaseLostException">The run was taken from this worker; nothing was committed.</exception>
    public static async Task CompleteAsync(this JobContext context, DbContext db, CancellationToken ct = default)
    {
        if (db.Database.CurrentTransaction is { } current)
        {
            await db.SaveChangesAsync(ct);
            await context.CompleteAsync(current.GetDbTransaction(), ct);
            return;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.SaveChangesAsync(ct);
        await context.CompleteAsync(transaction.GetDbTransaction(), ct);
        await transaction.CommitAsync(ct);
    }
}
