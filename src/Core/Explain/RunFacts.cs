using Fleet.Core.Gates;
using Fleet.Core.Jobs;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Explain;

/// <summary>What is known about a run: the rows that were read, and for a pending run what decides about its start.</summary>
internal sealed record RunFacts
{
    /// <summary>Maximum number of attempts and of replays that are explained; the latest.</summary>
    public const int MaxRows = 20;

    public required DateTimeOffset Now { get; init; }

    public required Run Run { get; init; }

    /// <summary>The latest attempts that did not simply succeed, oldest first.</summary>
    public required IReadOnlyList<Attempt> Attempts { get; init; }

    /// <summary>True if there are older attempts.</summary>
    public required bool HasOlderAttempts { get; init; }

    /// <summary>The latest replays, oldest first.</summary>
    public required IReadOnlyList<Replay> Replays { get; init; }

    /// <summary>The workers of the attempts that are still stored.</summary>
    public required IReadOnlyDictionary<WorkerId, WorkerRow> Workers { get; init; }

    /// <summary>True if the schedule of the run is stored.</summary>
    public required bool HasSchedule { get; init; }

    /// <summary>The run whose handler enqueued this one, without its args and output; null if it is not stored.</summary>
    public required Run? Parent { get; init; }

    /// <summary>The run of the same schedule that ended last before this one started, if that was after it was due.</summary>
    public required (RunId Id, DateTimeOffset EndedAt)? Before { get; init; }

    public required AttemptLimit Limit { get; init; }

    /// <summary>The clock of the database, by which heartbeats are written.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>Null unless the run is pending.</summary>
    public PendingFacts? Pending { get; init; }

    /// <summary>The row of a worker; null if it is not stored.</summary>
    public WorkerRow? WorkerOf(WorkerId? id) => id is { } known ? Workers.GetValueOrDefault(known) : null;

    /// <summary>The last attempt; null if none has ended without success.</summary>
    public Attempt? LastAttempt => Attempts.Count > 0 ? Attempts[^1] : null;
}

/// <summary>What decides about the start of a pending run.</summary>
internal sealed record PendingFacts
{
    /// <summary>How far runs are counted.</summary>
    public const int MaxCounted = 1000;

    /// <summary>What a claim finds in the way now, before the gates.</summary>
    public required ClaimHurdle Hurdle { get; init; }

    /// <summary>The reason of the gate that does not let it pass; null if all do or none is concerned.</summary>
    public required GateReason? Gate { get; init; }

    /// <summary>Which workers can execute it.</summary>
    public required Serving Serving { get; init; }

    /// <summary>The worker that served the lane last, if none serves it now and one is still stored.</summary>
    public required WorkerRow? LastServer { get; init; }

    /// <summary>The lane, if it is paused now.</summary>
    public required LaneRow? Paused { get; init; }

    /// <summary>The workers of the lane that were asked to take no new runs.</summary>
    public required IReadOnlyList<WorkerRow> Drained { get; init; }

    /// <summary>The slots of the workers that take runs of the lane.</summary>
    public required int Slots { get; init; }

    /// <summary>Runs that are running on the lane; counted up to the number of slots.</summary>
    public required int Running { get; init; }

    /// <summary>Runs of the lane that are due before it, and whether the count is exact.</summary>
    public required (int Count, bool IsExact) Ahead { get; init; }

    /// <summary>The row of the leader's lease; null if no scheduler has ever led.</summary>
    public required Lease? Leader { get; init; }

    /// <summary>True if the broker does not answer this process.</summary>
    public required bool IsBrokerAway { get; init; }
}
