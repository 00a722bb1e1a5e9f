namespace Fleet.Core.Storage.Rows;

/// <summary>Why a run was canceled, or was asked to stop. The reason in words for people stands in <see cref="Run.Error"/>; nothing may be
/// concluded from those words.</summary>
/// <remarks>The numbers are stored. Other causes, such as a workflow, get the next ones.</remarks>
public enum CancelCause
{
    /// <summary>A person or a program asked for it.</summary>
    Person = 1,

    /// <summary>The overlap policy skipped the run: an earlier run of the schedule had not ended, or too many were waiting.</summary>
    Overlap = 2,

    /// <summary>Another run of the schedule replaced it.</summary>
    Replaced = 3,

    /// <summary>Its schedule was changed, paused, stopped or deleted before the fire time.</summary>
    Revoked = 4,
}
