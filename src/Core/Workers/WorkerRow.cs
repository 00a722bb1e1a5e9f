namespace Fleet.Core.Workers;

/// <summary>The identity of one life of a worker process: a process that was declared gone comes back under a new id.</summary>
public readonly record struct WorkerId(Guid Value)
{
    public static WorkerId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    public override string ToString() => Value.ToString("D");
}

/// <summary>Whether runs of a worker are safe with it.</summary>
public enum WorkerState
{
    Active = 0,

    /// <summary>Takes nothing new; finishes what it has.</summary>
    Draining = 1,

    /// <summary>Stopped in order, died, or was silent for a whole lease. Final: the id never comes back.</summary>
    Gone = 2,
}

/// <summary>The row in <c>workers</c>.</summary>
public sealed class WorkerRow
{
    public WorkerId Id { get; set; }

    /// <summary>Machine name and process id, for people.</summary>
    public string Name { get; set; } = "";

    /// <summary>See <see cref="ProcessIdentity"/>.</summary>
    public string ProcessSpace { get; set; } = "";

    public int ProcessId { get; set; }

    public long ProcessStart { get; set; }

    /// <summary>JSON object: lane → slots; <see cref="RegisterWorkers.NoLanes"/> from the moment when it drains.</summary>
    public string Lanes { get; set; } = "{}";

    /// <summary>JSON object: job → the version of it that this worker serves.</summary>
    public string Jobs { get; set; } = "{}";

    public WorkerState State { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    /// <summary>By the database's clock, for people; the leader only sees whether it changes.</summary>
    public DateTimeOffset HeartbeatAt { get; set; }

    /// <summary><see cref="HeartbeatAt"/> and the length of its lease. The leader takes the length from here and measures it by its own
    /// monotonic clock (<see cref="WorkerWatch"/>): a clock that was set must not end a lease.</summary>
    public DateTimeOffset LeaseUntil { get; set; }

    /// <summary>JSON object: lane → the latest due time that this worker has claimed (Unix milliseconds). See Reconcile.</summary>
    public string ClaimedThrough { get; set; } = "{}";
}
