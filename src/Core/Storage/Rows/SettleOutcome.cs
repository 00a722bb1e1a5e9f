namespace Fleet.Core.Storage.Rows;

/// <summary>What came of writing the end of an attempt.</summary>
public enum SettleOutcome
{
    Settled = 0,

    /// <summary>The same claim had completed the run before, in the handler's own transaction.</summary>
    AlreadyCompleted = 1,

    /// <summary>The run is no longer this claim's.</summary>
    LeaseLost = 2,
}

/// <summary>What an outcome means where a transaction must not be committed.</summary>
public static class SettleOutcomes
{
    /// <exception cref="LeaseLostException">The run is no longer this claim's.</exception>
    /// <exception cref="RunCompletedException">This claim has completed it before.</exception>
    public static void ThrowUnlessSettled(this SettleOutcome outcome, RunId id)
    {
        switch (outcome)
        {
            case SettleOutcome.AlreadyCompleted:
                throw new RunCompletedException(id);
            case SettleOutcome.LeaseLost:
                throw new LeaseLostException(id);
        }
    }
}

/// <summary>The run was completed before by the same claim, in another transaction: what this transaction wrote must be rolled back, or it
/// would be written twice.</summary>
public sealed class RunCompletedException(RunId runId) : InvalidOperationException(
    $"Run {runId} was completed before by this same attempt, in another transaction; roll this one back.");
