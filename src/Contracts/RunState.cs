namespace Fleet;

/// <summary>Where a run is in its life. "Scheduled" (pending, due later) and "retrying" (pending after a failed attempt)
/// are labels for people, not states. See docs/states.md.</summary>
public enum RunState
{
    /// <summary>Waits for its due time and for a free slot.</summary>
    Pending = 0,

    /// <summary>A worker holds its lease.</summary>
    Running = 1,

    /// <summary>The handler returned. Terminal.</summary>
    Succeeded = 2,

    /// <summary>Its attempts are used up or its error cannot be retried: a dead letter, replayable. Terminal.</summary>
    Failed = 3,

    /// <summary>A person or a schedule change called it off. Terminal, replayable.</summary>
    Canceled = 4,
}
