namespace Fleet.Core.Storage.Rows;

/// <summary>The result of storing a run.</summary>
public enum EnqueueStatus
{
    Inserted = 0,

    /// <summary>The same request was stored before; the id is that of its run.</summary>
    Existing = 1,

    /// <summary>The idempotency key belongs to another request; the id is that of its run.</summary>
    Conflict = 2,
}

/// <summary>The result of storing one run.</summary>
public readonly record struct EnqueueOutcome(EnqueueStatus Status, RunId Id);
