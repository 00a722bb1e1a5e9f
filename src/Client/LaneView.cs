namespace Fleet.Client;

/// <summary>A lane with its work.</summary>
public sealed record LaneView
{
    public string Name { get; init; } = "";

    /// <summary>Runs that wait, including those that are due later.</summary>
    public int Pending { get; init; }

    /// <summary>Runs under way.</summary>
    public int Running { get; init; }

    /// <summary>Slots of all living workers, as many as they begin with; 0 when none serves it.</summary>
    public int Slots { get; init; }
}

/// <summary>A worker process.</summary>
public sealed record WorkerView
{
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";

    /// <summary><c>active</c>, <c>draining</c> or <c>gone</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Slots by lane.</summary>
    public IReadOnlyDictionary<string, int> Lanes { get; init; } = new Dictionary<string, int>();
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset HeartbeatAt { get; init; }
}
