using System.Data.Common;
using Fleet.Core.Storage;

namespace Fleet.Storage.Sql;

/// <summary>Transactions of a driver.</summary>
public static class DriverTransactions
{
    /// <summary>Does the work in a transaction of this connection and commits it.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="open">Makes a context on the transaction.</param>
    /// <param name="work">Writes.</param>
    /// <param name="mayBeCommitted">True for a failure of the commit after which it is not known whether it was made.</param>
    /// <param name="ct">Cancels the work, not the commit.</param>
    /// <exception cref="OutcomeUnknownException">The answer to the commit was lost.</exception>
    public static async Task<T> WriteAsync<T>(
        this DbConnection connection, OpenContext open, Func<StorageSession, Task<T>> work, Func<Exception, bool> mayBeCommitted,
        CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var session = new StorageSession(transaction, open);
        var result = await work(session);
        try
        {
            // Not canceled half-way: nobody would know whether it was committed.
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (Exception e) when (mayBeCommitted(e))
        {
            throw new OutcomeUnknownException(e);
        }

        return result;
    }

    /// <summary>The transaction as one of Fleet's own kind of database.</summary>
    /// <exception cref="ArgumentException">It is one of another kind.</exception>
    public static T As<T>(this DbTransaction transaction, string database) where T : DbTransaction =>
        transaction as T ?? throw new ArgumentException(
            $"The transaction is a {transaction.GetType()}; Fleet's database here is {database}, whose transactions are of type "
            + $"{typeof(T).Name}.", nameof(transaction));
}
