namespace Fleet.Client;

/// <summary>What the running schedules will do in a range.</summary>
public sealed record SimulationView
{
    /// <summary>Fire times after this instant.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Up to and including this one.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>Number of fire times.</summary>
    public int Firings { get; init; }

    /// <summary>The first fire time that was not counted, because there are more than a million: all figures are of what comes before it.
    /// Null: all were counted.</summary>
    public DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>The schedules that fire, by id.</summary>
    public IReadOnlyList<SimulatedScheduleView> Schedules { get; init; } = [];

    /// <summary>Their lanes.</summary>
    public IReadOnlyList<LaneLoadView> Lanes { get; init; } = [];

    /// <summary>The minutes in which most runs start, most first.</summary>
    public IReadOnlyList<BusyMinuteView> Busiest { get; init; } = [];

    /// <summary>The load over time.</summary>
    public HeatMapView Load { get; init; } = new();
}

/// <summary>What one schedule will do.</summary>
public sealed record SimulatedScheduleView
{
    /// <summary>The id of the schedule.</summary>
    public string Id { get; init; } = "";

    /// <summary>Where its runs go.</summary>
    public string Lane { get; init; } = "";

    /// <summary>IANA id of its time zone; null is UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>Number of its fire times.</summary>
    public int Firings { get; init; }

    /// <summary>How long its job's recent runs took, in seconds. Null: none has succeeded, so its load counts as zero.</summary>
    public double? MeanSeconds { get; init; }

    /// <summary>The first fire times, in UTC.</summary>
    public IReadOnlyList<DateTimeOffset> Next { get; init; } = [];

    /// <summary>Fire times that clock changes affect.</summary>
    public IReadOnlyList<ClockEffectView> ClockEffects { get; init; } = [];
}

/// <summary>What one lane will have to do.</summary>
public sealed record LaneLoadView
{
    /// <summary>The name of the lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>Number of runs that start in it.</summary>
    public int Firings { get; init; }

    /// <summary>How long they take in all.</summary>
    public double BusySeconds { get; init; }

    /// <summary>Maximum number of runs that are busy at the same time: with so many slots none waits.</summary>
    public int MostAtOnce { get; init; }

    /// <summary>When that is so for the first time.</summary>
    public DateTimeOffset MostAtOnceAt { get; init; }
}

/// <summary>A minute in which runs start.</summary>
public sealed record BusyMinuteView
{
    /// <summary>In UTC.</summary>
    public DateTimeOffset Minute { get; init; }

    /// <summary>Number of runs that start in it.</summary>
    public int Starts { get; init; }

    /// <summary>For how many seconds runs are busy in it.</summary>
    public double BusySeconds { get; init; }

    /// <summary>Those that fire in it, most often first; at most ten.</summary>
    public IReadOnlyList<FiringsView> Schedules { get; init; } = [];

    /// <summary>Number of further ones.</summary>
    public int MoreSchedules { get; init; }
}

/// <summary>How often a schedule fires.</summary>
public sealed record FiringsView
{
    /// <summary>The id of the schedule.</summary>
    public string Id { get; init; } = "";

    /// <summary>How often.</summary>
    public int Firings { get; init; }
}

/// <summary>The load cell by cell. A cell is a minute in a range of up to 8 days, else an hour.</summary>
public sealed record HeatMapView
{
    /// <summary>Where the first cell begins: a whole minute, or a whole hour; in UTC.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>1 or 60.</summary>
    public int MinutesPerCell { get; init; } = 1;

    /// <summary>Runs that start, cell by cell.</summary>
    public IReadOnlyList<int> Starts { get; init; } = [];

    /// <summary>Seconds of work, cell by cell: 60 a minute when one run is busy all the time. Two decimals below 10, else whole.</summary>
    public IReadOnlyList<double> BusySeconds { get; init; } = [];
}
