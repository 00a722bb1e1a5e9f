namespace Fleet;

/// <summary>What happens to an occurrence that comes due while an earlier run of its schedule has not ended.</summary>
public enum OverlapPolicy
{
    /// <summary>Both run.</summary>
    Allow = 0,

    /// <summary>The new run is canceled, with the reason.</summary>
    Skip = 1,

    /// <summary>The new run waits until the earlier runs have ended. At most 100 runs wait; further ones are canceled.</summary>
    Queue = 2,

    /// <summary>The earlier runs are canceled; the new run starts when they have stopped.</summary>
    Replace = 3,
}

/// <summary>What happens to missed fire times: those that passed before a scheduler could plan them.</summary>
public enum MisfirePolicy
{
    /// <summary>One run, for the latest missed fire time.</summary>
    RunLatest = 0,

    /// <summary>No runs.</summary>
    Skip = 1,

    /// <summary>One run per missed fire time, at most 100.</summary>
    RunAll = 2,
}
