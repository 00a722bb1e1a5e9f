namespace Fleet;

/// <summary>The same attempt has already completed the run in another transaction. Roll this transaction back, or its writes happen
/// twice.</summary>
/// <param name="runId">The run.</param>
public sealed class RunCompletedException(RunId runId) : InvalidOperationException(
    $"Run {runId} was completed before by this same attempt, in another transaction; roll this one back.");

/// <summary>A <see cref="JobContext"/> that wants to know when the transaction of its completion was committed: it then needs no look at
/// the database when the handler ends.</summary>
public interface ICommitTaker
{
    /// <summary>The transaction of the last <c>CompleteAsync</c> was committed.</summary>
    void TakeCommit();
}

internal static class AmbientTransaction
{
    /// <exception cref="NonRetryableException">There is an ambient transaction.</exception>
    public static void Refuse()
    {
        if (System.Transactions.Transaction.Current is not null)
        {
            throw new NonRetryableException(
                "CompleteAsync opens a transaction of its own and cannot take part in an ambient TransactionScope. Dispose the scope "
                + "before, or complete inside a DbTransaction of your own: context.CompleteAsync(transaction).");
        }
    }
}
