using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Lanes;

/// <summary>A figure, and how long ago it was measured.</summary>
public sealed record Measured<T>(T Value, TimeSpan Age);

/// <summary>A lane with its work.</summary>
/// <param name="Row">Its row.</param>
public sealed record LaneFigure(LaneRow Row)
{
    /// <summary>Pending runs that are due.</summary>
    public CappedCount Ready { get; init; }

    /// <summary>Running runs.</summary>
    public CappedCount Running { get; init; }

    /// <summary>Pending runs that are due within <see cref="DemandOptions.PodStart"/>.</summary>
    public CappedCount Soon { get; init; }

    /// <summary>When the run that has waited longest was due; null when none is due.</summary>
    public DateTimeOffset? OldestReady { get; init; }

    /// <summary>Whether the lane was paused when it was measured.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Slots of the workers that take its runs, as many as they begin with.</summary>
    public int Slots { get; init; }

    /// <summary>Number of workers that take its runs, or would if it were not paused.</summary>
    public int Workers { get; init; }

    /// <summary>Number of workers that have not said yet that they claim nothing of it; 0 while it is not paused.</summary>
    public int UnconfirmedWorkers { get; init; }

    /// <summary>When it was measured.</summary>
    public DateTimeOffset MeasuredAt { get; init; }

    /// <summary>How many slots the lane needs now and soon: ready, running and due soon. Of a paused lane only the running runs: workers
    /// for the others would be idle, and those that execute runs must not be taken away.</summary>
    public CappedCount Demand => IsPaused ? Running : Ready + Running + Soon;
}
