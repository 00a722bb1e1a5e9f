namespace Fleet.Core.Storage.Rows;

/// <summary>The run of a fire time.</summary>
/// <param name="ScheduleId">The schedule.</param>
/// <param name="Id">The run.</param>
/// <param name="FireTime">The fire time.</param>
/// <param name="State">The state of the run.</param>
/// <param name="Cause">Why it was canceled; may be left from an earlier request.</param>
/// <param name="IsRevoked">Whether it was revoked.</param>
/// <param name="FirstStartedAt">The start of the first attempt; null if there was none.</param>
/// <param name="StartedAt">The start of the last attempt; null if there was none.</param>
/// <param name="FinishedAt">When it ended; null if it has not.</param>
public sealed record OccurrenceRow(
    string ScheduleId, RunId Id, DateTimeOffset FireTime, RunState State, CancelCause? Cause, bool IsRevoked,
    DateTimeOffset? FirstStartedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);
