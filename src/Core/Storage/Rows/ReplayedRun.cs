namespace Fleet.Core.Storage.Rows;

/// <summary>What a replay did.</summary>
public enum ReplayResult
{
    /// <summary>There is no such run.</summary>
    NotFound = 0,

    /// <summary>The run is pending again.</summary>
    Replayed = 1,

    /// <summary>Only a failed or canceled run can be replayed.</summary>
    WrongState = 2,

    /// <summary>The run was planned and then revoked: its fire time may have another run, or get one.</summary>
    Revoked = 3,

    /// <summary>Somebody else has changed its args since they were read.</summary>
    ArgsChanged = 4,
}

/// <summary>The answer to the replay of one run.</summary>
/// <param name="Result">What the replay did.</param>
/// <param name="Lane">The lane of the run; empty if there is no such run.</param>
/// <param name="From">The state before; null if there is no such run.</param>
public readonly record struct ReplayedRun(ReplayResult Result, string Lane, RunState? From);
