namespace Fleet.Client;

/// <summary>A lane with its work.</summary>
public sealed record LaneView
{
    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Pending runs that are due.</summary>
    public CountView Ready { get; init; } = new();

    /// <summary>Running runs.</summary>
    public CountView Running { get; init; } = new();

    /// <summary>Pending runs that are due within <c>Fleet:Api:PodStart</c>.</summary>
    public CountView ScheduledSoon { get; init; } = new();

    /// <summary>How long the run that has waited longest has been due; zero when none is due.</summary>
    public TimeSpan OldestReadyAge { get; init; }

    /// <summary>Slots of the workers that take its runs, as many as they begin with; 0 when none does.</summary>
    public int Slots { get; init; }

    /// <summary>Number of workers that take its runs, or would if it were not paused.</summary>
    public int Workers { get; init; }

    /// <summary>The pause; null when it is not paused.</summary>
    public LanePauseView? Paused { get; init; }

    /// <summary>How many slots it needs now and soon; see <see cref="LaneDemandView.Demand"/>.</summary>
    public int Demand { get; init; }

    /// <summary>How long ago the figures were measured.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>Changes with each pause and resume. <c>If-Match: "VERSION"</c> changes this version alone.</summary>
    public string? Version { get; init; }
}

/// <summary>The pause of a lane.</summary>
public sealed record LanePauseView
{
    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Who paused it, or changed the pause.</summary>
    public ActorView? By { get; init; }

    /// <summary>Why, in words; null when nobody said.</summary>
    public string? Reason { get; init; }

    /// <summary>When it ends by itself; null: when somebody resumes the lane.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Number of workers that have not said yet that they claim nothing of the lane. Once it is 0, no run of the lane starts
    /// before it is resumed.</summary>
    public int UnconfirmedWorkers { get; init; }
}

/// <summary>How many slots a lane needs, for whoever starts and stops workers.</summary>
public sealed record LaneDemandView
{
    /// <summary>The name of the lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>Ready, running and due within <c>Fleet:Api:PodStart</c>. Of a paused lane only the running runs.</summary>
    public int Demand { get; init; }

    /// <summary><c>eq</c>: exact. <c>gte</c>: at least so many.</summary>
    public string Relation { get; init; } = "eq";

    /// <summary>Pending runs that are due.</summary>
    public CountView Ready { get; init; } = new();

    /// <summary>Runs that execute.</summary>
    public CountView Running { get; init; } = new();

    /// <summary>Pending runs that are due within <c>Fleet:Api:PodStart</c>.</summary>
    public CountView ScheduledSoon { get; init; } = new();

    /// <summary>True while somebody has paused it.</summary>
    public bool IsPaused { get; init; }

    /// <summary>How long ago the figures were measured: up to a second, and up to a minute while the database is away.</summary>
    public TimeSpan Age { get; init; }
}
