namespace Fleet.Core.Storage.Rows;

/// <summary>What became of a run that was to be stored.</summary>
public enum EnqueueStatus
{
    Inserted = 0,

    /// <summary>The same request had been stored before; its run's id is given.</summary>
    Existing = 1,

    /// <summary>The idempotency key belongs to another request; that run's id is given.</summary>
    Conflict = 2,
}

/// <summary>The result of storing one run.</summary>
public readonly record struct EnqueueOutcome(EnqueueStatus Status, RunId Id);
