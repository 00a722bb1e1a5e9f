namespace Fleet.Client;

/// <summary>Counts of a schedule's fire times in a range, by outcome.</summary>
public sealed record ScheduleFiguresView
{
    /// <summary>Fire times from this instant on.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Fire times before this instant.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>Fire times in the range, by the current definition.</summary>
    public int Expected { get; init; }

    /// <summary>Fire times whose run has started.</summary>
    public int Fired { get; init; }

    /// <summary>Fire times whose run was canceled before it started because an earlier run of the schedule had not ended.</summary>
    public int Skipped { get; init; }

    /// <summary>Fire times whose run was canceled before it started for another reason.</summary>
    public int Canceled { get; init; }

    /// <summary>Fire times whose run waits for a worker or for its turn.</summary>
    public int Waiting { get; init; }

    /// <summary>Fire times without a run.</summary>
    public int Missing { get; init; }

    /// <summary>The first missing fire times.</summary>
    public IReadOnlyList<DateTimeOffset> FirstMissing { get; init; } = [];

    /// <summary>Runs in the range whose fire time is not among the expected ones: an earlier definition planned them.</summary>
    public int Unexpected { get; init; }

    /// <summary>Delay from fire time to start; null when no run has started.</summary>
    public LatenessView? Lateness { get; init; }
}

/// <summary>Delay from fire time to start, in seconds.</summary>
public sealed record LatenessView
{
    /// <summary>The median.</summary>
    public double Median { get; init; }

    /// <summary>The 99th percentile.</summary>
    public double P99 { get; init; }

    /// <summary>The maximum.</summary>
    public double Most { get; init; }

    /// <summary>Number of runs per bucket: delayed by at most this bucket's bound and by more than the bound before.</summary>
    public IReadOnlyList<LatenessBucketView> Histogram { get; init; } = [];
}

/// <summary>One bucket of the histogram.</summary>
public sealed record LatenessBucketView
{
    /// <summary>Upper bound in seconds; null for the last bucket.</summary>
    public double? Within { get; init; }

    /// <summary>Number of runs in the bucket.</summary>
    public int Count { get; init; }
}
