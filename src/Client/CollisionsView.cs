namespace Fleet.Client;

/// <summary>The minutes in which a schedule fires together with others of its lane.</summary>
public sealed record CollisionsView
{
    /// <summary>The name of the lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>Number of slots that the active workers have for the lane.</summary>
    public int Slots { get; init; }

    /// <summary>Number of such minutes.</summary>
    public int Count { get; init; }

    /// <summary>Those that need most slots; at most 10.</summary>
    public IReadOnlyList<CollisionView> Worst { get; init; } = [];

    /// <summary>The first fire time that was not counted, because there are too many. Null: all were counted.</summary>
    public DateTimeOffset? TruncatedAt { get; init; }
}

/// <summary>A minute in which a schedule fires together with others of its lane.</summary>
public sealed record CollisionView
{
    /// <summary>The whole minute, in UTC.</summary>
    public DateTimeOffset Minute { get; init; }

    /// <summary>Number of runs of the lane that start in it, the schedule's own included.</summary>
    public int Starts { get; init; }

    /// <summary>Maximum number of runs of the lane that execute at once in it, by the mean durations of their jobs.</summary>
    public int ExpectedSlots { get; init; }

    /// <summary>The other schedules that fire in it, by id; at most 10.</summary>
    public IReadOnlyList<FiringsView> Schedules { get; init; } = [];

    /// <summary>Number of further schedules that fire in it.</summary>
    public int MoreSchedules { get; init; }
}
