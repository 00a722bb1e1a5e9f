namespace Fleet.Core.Storage.Rows;

/// <summary>A run of the same schedule that has not ended.</summary>
/// <param name="Id">The run.</param>
/// <param name="IsRunning">False if it is pending.</param>
/// <param name="IsBefore">True if its turn comes first.</param>
/// <param name="IsBackfill">True for a run of a backfill.</param>
public sealed record OverlappingRun(RunId Id, bool IsRunning, bool IsBefore, bool IsBackfill);
