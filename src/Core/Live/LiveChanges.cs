namespace Fleet.Core.Live;

/// <summary>What has changed since the look before: so little that it can be sent on, however much it was.</summary>
public sealed record LiveChanges
{
    /// <summary>Maximum number of ids or names of each kind.</summary>
    public const int MaxNamed = 50;

    /// <summary>The ids of runs that are new or have another state; at most <see cref="MaxNamed"/>.</summary>
    public IReadOnlyList<RunId> Runs { get; init; } = [];

    /// <summary>The jobs of these runs.</summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>The lanes of these runs, and others whose numbers have changed.</summary>
    public IReadOnlyList<string> Lanes { get; init; } = [];

    /// <summary>The states that these runs have, and those whose numbers have changed.</summary>
    public IReadOnlyList<RunState> States { get; init; } = [];

    /// <summary>True when other runs may have changed, too.</summary>
    public bool MoreRuns { get; init; }

    /// <summary>The workers that are new, gone, or have another state.</summary>
    public IReadOnlyList<string> Workers { get; init; } = [];

    /// <summary>True when a schedule was put, changed its status or was deleted.</summary>
    public bool Schedules { get; init; }

    public bool IsEmpty =>
        Runs.Count == 0 && Lanes.Count == 0 && States.Count == 0 && Workers.Count == 0 && !MoreRuns && !Schedules;
}
