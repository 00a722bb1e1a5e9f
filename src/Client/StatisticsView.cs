namespace Fleet.Client;

/// <summary>Figures over time. All times are in seconds.</summary>
public sealed record StatisticsView
{
    /// <summary>The start of the first period, in UTC.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>The end of the last period.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary><c>minute</c>, <c>quarter</c>, <c>hour</c>, <c>day</c> or <c>whole</c>.</summary>
    public string Step { get; init; } = "";

    /// <summary>Figures of earlier periods are not in the answer, because there are too many rows of them: ask for a shorter range, or for
    /// one job or lane. Null: the whole range was counted.</summary>
    public DateTimeOffset? CountedFrom { get; init; }

    /// <summary>The series, the first by the order that was asked for.</summary>
    public IReadOnlyList<StatisticsSeriesView> Series { get; init; } = [];
}

/// <summary>The figures of a job, lane or outcome, or of everything.</summary>
public sealed record StatisticsSeriesView
{
    /// <summary>The job, lane or outcome; <c>(other)</c> for all that have no series of their own; empty for everything.</summary>
    public string Key { get; init; } = "";

    /// <summary>The whole range.</summary>
    public StatisticsPointView Total { get; init; } = new();

    /// <summary>Every period in order, also those without figures.</summary>
    public IReadOnlyList<StatisticsPointView> Points { get; init; } = [];
}

/// <summary>The figures of a period.</summary>
public sealed record StatisticsPointView
{
    /// <summary>The start.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How many seconds of the period have passed.</summary>
    public double Seconds { get; init; }

    /// <summary>False while some ends of the period may not be written yet.</summary>
    public bool Complete { get; init; }

    /// <summary>False: nobody wrote anything about the period. No worker was there, or the figures are not kept any more. The other members
    /// are null then. True with zeros: nothing ended.</summary>
    public bool HasData { get; init; }

    /// <summary>Number of ends, by outcome.</summary>
    public EndCountsView? Ends { get; init; }

    /// <summary>Ends per second.</summary>
    public double? PerSecond { get; init; }

    /// <summary>Mean number of slots that the attempts used that ended here.</summary>
    public double? SlotsUsed { get; init; }

    /// <summary>Mean number of slots in use; null for figures of one job or outcome.</summary>
    public double? SlotsBusy { get; init; }

    /// <summary>Mean number of slots that there were; null for figures of one job or outcome.</summary>
    public double? Slots { get; init; }

    /// <summary>Delays from due time to start; null if no attempt ended.</summary>
    public DistributionView? Wait { get; init; }

    /// <summary>Durations of attempts; null if no attempt ended.</summary>
    public DistributionView? Duration { get; init; }
}

/// <summary>Numbers of ends.</summary>
public sealed record EndCountsView
{
    /// <summary>All together.</summary>
    public long All { get; init; }

    /// <summary>Runs that succeeded.</summary>
    public long Succeeded { get; init; }

    /// <summary>Attempts that failed and are followed by another one.</summary>
    public long Retried { get; init; }

    /// <summary>Runs that failed for good.</summary>
    public long Failed { get; init; }

    /// <summary>Runs that were canceled.</summary>
    public long Canceled { get; init; }

    /// <summary>Runs that the overlap policy of their schedule canceled.</summary>
    public long Skipped { get; init; }

    /// <summary>Planned runs that were canceled because their schedule changed.</summary>
    public long Revoked { get; init; }

    /// <summary>Runs whose worker died, and that are tried again.</summary>
    public long Rescued { get; init; }

    /// <summary>Attempts that were given back without being counted.</summary>
    public long Released { get; init; }
}

/// <summary>How times are distributed, in seconds. Percentiles are exact within 12.5 %, or within 0.25 ms below 0.25 ms.</summary>
public sealed record DistributionView
{
    /// <summary>Number of times.</summary>
    public long Count { get; init; }

    /// <summary>The mean.</summary>
    public double Mean { get; init; }

    /// <summary>The median.</summary>
    public double P50 { get; init; }

    /// <summary>The 95th percentile.</summary>
    public double P95 { get; init; }

    /// <summary>The 99th percentile.</summary>
    public double P99 { get; init; }

    /// <summary>The buckets that have something; null unless they were asked for.</summary>
    public IReadOnlyList<BucketView>? Buckets { get; init; }
}

/// <summary>A range of times.</summary>
public sealed record BucketView
{
    /// <summary>Its times are at least so long, in seconds.</summary>
    public double From { get; init; }

    /// <summary>Its times are shorter, in seconds; null for the last one, which begins at 24 h.</summary>
    public double? Until { get; init; }

    /// <summary>Number of times.</summary>
    public long Count { get; init; }
}

/// <summary>The rates of now.</summary>
public sealed record RatesView
{
    /// <summary>When it was read.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>All lanes together.</summary>
    public LaneRatesView All { get; init; } = new();

    /// <summary>The lanes that workers serve, by name.</summary>
    public IReadOnlyList<LaneRatesView> Lanes { get; init; } = [];
}

/// <summary>The rates of a lane.</summary>
public sealed record LaneRatesView
{
    /// <summary>The lane; empty for all of them.</summary>
    public string Lane { get; init; } = "";

    /// <summary>The last ten seconds that each worker wrote.</summary>
    public RecentEndsView Last10 { get; init; } = new();

    /// <summary>The last minute that each worker wrote.</summary>
    public RecentEndsView Last60 { get; init; } = new();

    /// <summary>Mean number of slots in use in the last ten seconds.</summary>
    public double SlotsBusy { get; init; }

    /// <summary>Mean number of slots that there were.</summary>
    public double Slots { get; init; }
}

/// <summary>What ended lately.</summary>
public sealed record RecentEndsView
{
    /// <summary>The length of the window in seconds; shorter while workers are new.</summary>
    public double Seconds { get; init; }

    /// <summary>Number of attempts that workers ended.</summary>
    public EndCountsView Ends { get; init; } = new();

    /// <summary>Ends per second.</summary>
    public double PerSecond { get; init; }
}

/// <summary>What a worker did in the last ten minutes.</summary>
public sealed record WorkerActivityView
{
    /// <summary>Where it begins.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Where it ends: the moment of the answer.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>One strip for each lane.</summary>
    public IReadOnlyList<SlotStripView> Lanes { get; init; } = [];

    /// <summary>Attempts that ended and took at least <see cref="ShortestDrawn"/>, the last ended first. Shorter ones are in the strips
    /// only.</summary>
    public IReadOnlyList<AttemptBarView> Ended { get; init; } = [];

    /// <summary>Attempts that are running.</summary>
    public IReadOnlyList<AttemptBarView> Running { get; init; } = [];

    /// <summary>Number of attempts of that length that are not in <see cref="Ended"/>, because there are too many.</summary>
    public int LeftOut { get; init; }

    /// <summary>In seconds.</summary>
    public double ShortestDrawn { get; init; }
}

/// <summary>The slots of a worker in one lane over time.</summary>
public sealed record SlotStripView
{
    /// <summary>The name of the lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>In order of time, about ten seconds each. A time that no sample covers is a gap.</summary>
    public IReadOnlyList<SlotSampleView> Samples { get; init; } = [];
}

/// <summary>Some seconds of a strip.</summary>
public sealed record SlotSampleView
{
    /// <summary>The start.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The length in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>Mean number of slots in use.</summary>
    public double Busy { get; init; }

    /// <summary>Mean number of slots that there were.</summary>
    public double Slots { get; init; }

    /// <summary>Number of attempts that ended.</summary>
    public long Ended { get; init; }
}

/// <summary>An attempt, as it is drawn.</summary>
public sealed record AttemptBarView
{
    /// <summary>The id of the run.</summary>
    public string Run { get; init; } = "";

    /// <summary>The name of its job.</summary>
    public string Job { get; init; } = "";

    /// <summary>Its lane.</summary>
    public string Lane { get; init; } = "";

    /// <summary>The number of the attempt.</summary>
    public int Attempt { get; init; }

    /// <summary>How it ended, such as <c>succeeded</c> or <c>retried</c>; <c>running</c>.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took, or has run, in seconds.</summary>
    public double Seconds { get; init; }
}
