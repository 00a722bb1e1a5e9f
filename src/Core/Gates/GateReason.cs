namespace Fleet.Core.Gates;

/// <summary>Why a gate lets a run wait, or cancels it.</summary>
public enum GateReasonKind
{
    /// <summary>Another run of the schedule comes first, or is running.</summary>
    WaitsForTurn = 0,

    /// <summary>A run of a backfill is running; the live run comes next.</summary>
    WaitsForBackfill = 1,

    /// <summary>A run of a backfill waits for the live runs and for the runs of the backfill before it.</summary>
    BackfillWaits = 2,

    /// <summary>It takes the place of runs that were asked to stop and have not stopped yet.</summary>
    WaitsForReplaced = 3,

    /// <summary>It is canceled: another run of the schedule had not ended (<see cref="OverlapPolicy.Skip"/>).</summary>
    Skipped = 4,

    /// <summary>It is canceled: too many runs of the schedule wait before it.</summary>
    QueueIsFull = 5,

    /// <summary>It is canceled: a run of the schedule is newer (<see cref="OverlapPolicy.Replace"/>).</summary>
    IsReplaced = 6,

    /// <summary>The worker executes another run that has only one crash left.</summary>
    LastChanceIsTaken = 7,
}

/// <summary>Why a gate does not let a run pass.</summary>
/// <param name="Kind">The reason.</param>
/// <param name="Run">The run in the way; null if the gate does not know which.</param>
/// <param name="Count">How many runs are in the way, as far as the gate knows.</param>
public readonly record struct GateReason(GateReasonKind Kind, RunId? Run = null, int Count = 1)
{
    /// <summary>True if the run is canceled instead of waiting.</summary>
    public bool Cancels => Kind is GateReasonKind.Skipped or GateReasonKind.QueueIsFull or GateReasonKind.IsReplaced;
}
