namespace Fleet.Client;

/// <summary>What the fleet is doing now: the data of the event <c>figures</c>.</summary>
public sealed record LiveFiguresView
{
    /// <summary>When the numbers were read. Older than the event itself while the database does not answer.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why the numbers are old; null when they are not.</summary>
    public string? Problem { get; init; }

    /// <summary>Pending runs that are due later.</summary>
    public CountView Scheduled { get; init; } = new();

    /// <summary>Pending runs that are due.</summary>
    public CountView Ready { get; init; } = new();

    /// <summary>Runs that execute.</summary>
    public CountView Running { get; init; } = new();

    /// <summary>Runs that failed for good and were not pruned yet.</summary>
    public CountView Failed { get; init; } = new();

    /// <summary>Slots of all active workers.</summary>
    public int Slots { get; init; }

    /// <summary>Due time of the run that has been ready for longest; null when none is ready.</summary>
    public DateTimeOffset? OldestReadyAt { get; init; }

    /// <summary>The lanes, those with most work first; at most 100.</summary>
    public IReadOnlyList<LiveLaneView> Lanes { get; init; } = [];

    /// <summary>The number of lanes.</summary>
    public int LaneCount { get; init; }

    /// <summary>Number of active workers.</summary>
    public int ActiveWorkers { get; init; }

    /// <summary>Number of workers that take nothing new and finish what they have.</summary>
    public int DrainingWorkers { get; init; }

    /// <summary>The scheduler that leads; null when nobody does.</summary>
    public LeaderView? Leader { get; init; }

    /// <summary>Database and broker, as the process that answers sees them.</summary>
    public IReadOnlyList<ComponentView> Components { get; init; } = [];

    /// <summary>What is wrong, the worst first; empty when all is well.</summary>
    public IReadOnlyList<FindingView> Findings { get; init; } = [];
}

/// <summary>What a lane is doing now.</summary>
public sealed record LiveLaneView
{
    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Pending runs that are due.</summary>
    public CountView Ready { get; init; } = new();

    /// <summary>Pending runs that are due later.</summary>
    public CountView Scheduled { get; init; } = new();

    /// <summary>Runs that execute.</summary>
    public CountView Running { get; init; } = new();

    /// <summary>Slots of its active workers.</summary>
    public int Slots { get; init; }

    /// <summary>True while nothing is claimed from it because somebody paused it.</summary>
    public bool Paused { get; init; }

    /// <summary>Due time of the run that has been ready for longest; null when none is ready.</summary>
    public DateTimeOffset? OldestReadyAt { get; init; }
}

/// <summary>The scheduler that leads.</summary>
public sealed record LeaderView
{
    /// <summary>Machine and process.</summary>
    public string Name { get; init; } = "";

    /// <summary>Grows with every change of leader.</summary>
    public long Term { get; init; }
}

/// <summary>Something that the process needs.</summary>
public sealed record ComponentView
{
    /// <summary><c>database</c> or <c>broker</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>up</c>, <c>degraded</c> or <c>down</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>How long it took to answer, in milliseconds.</summary>
    public double Milliseconds { get; init; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public string? Description { get; init; }
}
