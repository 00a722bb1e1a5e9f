namespace Fleet.Core.Storage.Rows;

/// <summary>A running run whose worker is dead.</summary>
public readonly record struct OrphanedRun(RunId Id, WorkerId? Worker, long LeaseToken, int Crashes, bool IsCancelRequested);

/// <summary>The new state of the run.</summary>
/// <param name="Orphan">The run.</param>
/// <param name="Next">Pending, Failed or Canceled.</param>
/// <param name="Crashes">The number of crashes, including this one.</param>
/// <param name="Error">For the attempt and the run.</param>
public readonly record struct RescuedRun(OrphanedRun Orphan, RunState Next, int Crashes, string Error)
{
    /// <summary>How often the worker of a run may die before the run is Failed.</summary>
    public const int CrashCap = 3;

    /// <summary>The error type.</summary>
    public const string ErrorType = "WorkerCrashed";

    /// <summary>The fingerprint of the error if the run fails for good; otherwise null.</summary>
    public string? Fingerprint => Next == RunState.Failed ? Text.Fingerprint.Of(ErrorType, Error, stack: null) : null;
}
