using Fleet.Core.Live;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Control;

namespace Fleet.Core.Findings;

/// <summary>What the findings are made from. Each part was read from a bounded number of rows.</summary>
public sealed record FindingEvidence
{
    /// <summary>The time by the clock of this process.</summary>
    public required DateTimeOffset Now { get; init; }

    public required LiveFigures Figures { get; init; }

    /// <summary>How far the database's clock is ahead of this process's.</summary>
    public TimeSpan DatabaseAhead { get; init; }

    /// <summary>When the lease of the last leader ended; null when there was none, or it resigned.</summary>
    public DateTimeOffset? LastLeaderUntil { get; init; }

    /// <summary>For a lane: the last heartbeat of a worker that had served it and is gone.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LastServed { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>The runs that are ready, by lane and job.</summary>
    public IReadOnlyList<ReadyRuns> Ready { get; init; } = [];

    /// <summary>For a lane: the jobs that its active workers offer.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Offered { get; init; } = new Dictionary<string, IReadOnlySet<string>>();

    /// <summary>The runs that have executed for longest.</summary>
    public IReadOnlyList<LongRun> Longest { get; init; } = [];

    /// <summary>Runs that failed in the last hour, by job.</summary>
    public IReadOnlyList<FailingJob> Failing { get; init; } = [];

    /// <summary>How many runs ended in the last hour, over all jobs; null when nobody has written figures.</summary>
    public EndedRuns? Ended { get; init; }

    /// <summary>The same in the same hour of the day before; null when nobody had written figures then.</summary>
    public EndedRuns? EndedBefore { get; init; }

    /// <summary>Schedules that a program once brought and brings no longer, and when that was noticed.</summary>
    public IReadOnlyList<(LeftOverSchedule Schedule, DateTimeOffset NoticedAt)> LeftOver { get; init; } = [];

    /// <summary>Schedules whose next fire time has passed and has no run.</summary>
    public IReadOnlyList<(string Id, DateTimeOffset FireTime)> Unplanned { get; init; } = [];

    /// <summary>Fire times of the last day that got no run, the latest first.</summary>
    public IReadOnlyList<MissedFireTimes> Missed { get; init; } = [];

    /// <summary>Running schedules whose job no worker has offered, by job.</summary>
    public IReadOnlyList<(string Job, int Schedules, string First)> UnknownJobs { get; init; } = [];

    /// <summary>The outbox.</summary>
    public OutboxLag? Outbox { get; init; }

    /// <summary>Number of messages that Fleet could not use; null when it is not known.</summary>
    public long? Parked { get; init; }
}

/// <summary>Ready runs of one job in one lane.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Job">The job.</param>
/// <param name="Count">How many.</param>
/// <param name="Oldest">Due time of the oldest.</param>
public sealed record ReadyRuns(string Lane, string Job, CappedCount Count, DateTimeOffset Oldest);

/// <summary>A run that executes.</summary>
/// <param name="Id">The run.</param>
/// <param name="Job">Its job.</param>
/// <param name="StartedAt">When this attempt started.</param>
/// <param name="Timeout">How long an attempt may take, as the job says; null when the workers' default holds.</param>
public sealed record LongRun(RunId Id, string Job, DateTimeOffset StartedAt, TimeSpan? Timeout);

/// <summary>A job whose runs failed for good.</summary>
/// <param name="Job">The job.</param>
/// <param name="Count">How many.</param>
/// <param name="First">When the first of them ended.</param>
/// <param name="Error">The error of the last one.</param>
public sealed record FailingJob(string Job, CappedCount Count, DateTimeOffset First, string? Error)
{
    /// <summary>How many of its runs ended in the same hour, as workers wrote; null when it is not known.</summary>
    public EndedRuns? Ended { get; init; }

    /// <summary>The same in the same hour of the day before; null when it is not known.</summary>
    public EndedRuns? EndedBefore { get; init; }

    /// <summary>The part of its runs that failed; null when it is not known.</summary>
    public double? Share => Ended is { } ended ? (double)Count.Value / Math.Max(Count.Value, ended.All) : null;
}

/// <summary>Runs that succeeded, or failed for good.</summary>
/// <param name="Succeeded">Those that succeeded.</param>
/// <param name="Failed">Those that failed.</param>
public readonly record struct EndedRuns(long Succeeded, long Failed)
{
    public long All => Succeeded + Failed;

    /// <summary>The part of them that failed.</summary>
    public double Share => All == 0 ? 0 : (double)Failed / All;
}

/// <summary>Events that wait to be sent.</summary>
/// <param name="Count">How many.</param>
/// <param name="Oldest">When the oldest was committed.</param>
/// <param name="Failures">The largest number of failed sends of one of them.</param>
public sealed record OutboxLag(CappedCount Count, DateTimeOffset Oldest, int Failures);

/// <summary>Fire times of a schedule that passed while no scheduler could plan them, and that got no run.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Count">How many.</param>
/// <param name="NoticedAt">When a scheduler noticed.</param>
public sealed record MissedFireTimes(
    string Schedule, DateTimeOffset First, DateTimeOffset Last, int Count, DateTimeOffset NoticedAt);
