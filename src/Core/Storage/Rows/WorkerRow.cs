namespace Fleet.Core.Storage.Rows;

/// <summary>The id of one worker process, from its start until it is declared gone. A process that was declared gone registers under a new
/// id.</summary>
public readonly record struct WorkerId(Guid Value)
{
    public static WorkerId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    public override string ToString() => Value.ToString("D");
}

/// <summary>The state of a worker.</summary>
public enum WorkerState
{
    Active = 0,

    /// <summary>Takes no new runs and finishes those it holds.</summary>
    Draining = 1,

    /// <summary>Stopped cleanly, died, or was silent for a whole lease. Final: the id is never used again.</summary>
    Gone = 2,
}

/// <summary>The row in <c>workers</c>.</summary>
public sealed class WorkerRow
{
    public WorkerId Id { get; set; }

    /// <summary>Machine name and process id, for people.</summary>
    public string Name { get; set; } = "";

    /// <summary>See <c>ProcessIdentity</c>.</summary>
    public string ProcessSpace { get; set; } = "";

    public int ProcessId { get; set; }

    public long ProcessStart { get; set; }

    /// <summary>JSON object: lane → slots; <c>{}</c> once the worker drains.</summary>
    public string Lanes { get; set; } = "{}";

    /// <summary>JSON object: job → the version of it that this worker offers.</summary>
    public string Jobs { get; set; } = "{}";

    public WorkerState State { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Time of the last heartbeat by the database's clock, for people. The leader only checks whether it changes.</summary>
    public DateTimeOffset HeartbeatAt { get; set; }

    /// <summary><see cref="HeartbeatAt"/> plus the length of the lease. The leader takes only the length from it and measures it by its own
    /// monotonic clock (<c>WorkerWatch</c>), so that a clock change cannot end a lease.</summary>
    public DateTimeOffset LeaseUntil { get; set; }

    /// <summary>JSON object: lane → the latest due time that this worker has claimed, in Unix milliseconds. Used by Reconcile.</summary>
    public string ClaimedThrough { get; set; } = "{}";
}
