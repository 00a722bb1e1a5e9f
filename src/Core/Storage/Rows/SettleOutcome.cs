namespace Fleet.Core.Storage.Rows;

/// <summary>The result of writing the end of an attempt.</summary>
public enum SettleOutcome
{
    Settled = 0,

    /// <summary>The same claim has already completed the run, in the handler's own transaction.</summary>
    AlreadyCompleted = 1,

    /// <summary>The run no longer belongs to this claim.</summary>
    LeaseLost = 2,

    /// <summary>The attempt was settled, and the run is Canceled instead of Pending: it was asked to stop meanwhile.</summary>
    Canceled = 3,
}

/// <summary>Throws if the outcome means that the transaction must not be committed.</summary>
public static class SettleOutcomes
{
    /// <exception cref="LeaseLostException">The run no longer belongs to this claim.</exception>
    /// <exception cref="RunCompletedException">This claim has already completed the run.</exception>
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
