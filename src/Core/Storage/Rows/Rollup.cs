namespace Fleet.Core.Storage.Rows;

/// <summary>How an attempt, or a run that waited, ended: what <c>rollups</c> counts.</summary>
/// <remarks>The numbers are stored.</remarks>
public enum RollupOutcome
{
    /// <summary>Not an end. The row says that workers served a lane, and has the slot time that they had and used.</summary>
    Slots = 0,

    /// <summary>The run succeeded.</summary>
    Succeeded = 1,

    /// <summary>The attempt failed, and the run is tried again.</summary>
    Retried = 2,

    /// <summary>The run failed for good.</summary>
    Failed = 3,

    /// <summary>The run was canceled, while it waited or while it ran.</summary>
    Canceled = 4,

    /// <summary>The overlap policy of its schedule canceled the run.</summary>
    Skipped = 5,

    /// <summary>The run was planned and then revoked, because its schedule changed.</summary>
    Revoked = 6,

    /// <summary>The worker died, and the run is tried again.</summary>
    Rescued = 7,

    /// <summary>The run was given back without counting the attempt: a drain, a snooze, an outage, or a worker that cannot execute
    /// it.</summary>
    Released = 8,
}

/// <summary>The row in <c>rollups</c>: what ended within a period, for one job, lane and outcome. Several rows may have the same period,
/// job, lane and outcome: their figures add up.</summary>
public sealed class Rollup
{
    public long Id { get; set; }

    /// <summary>The start of the period: a whole minute, or a whole quarter of an hour, in UTC.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>The length of the period and how far it is merged.</summary>
    public RollupStep Step { get; set; }

    /// <summary>The job; empty for <see cref="RollupOutcome.Slots"/>.</summary>
    public string Job { get; set; } = "";

    public string Lane { get; set; } = "";

    public RollupOutcome Outcome { get; set; }

    /// <summary>Number of ends. For <see cref="RollupOutcome.Slots"/>: number of samples.</summary>
    public long Count { get; set; }

    /// <summary>Sum of the waits in <see cref="Waits"/>, in microseconds.</summary>
    public long Waited { get; set; }

    /// <summary>Sum of the durations in <see cref="Durations"/>, in microseconds. For <see cref="RollupOutcome.Slots"/>: the slot time that
    /// was used.</summary>
    public long Worked { get; set; }

    /// <summary>For <see cref="RollupOutcome.Slots"/>: the slot time that there was, in microseconds; else 0.</summary>
    public long Slots { get; set; }

    /// <summary>Delays from due time to start, as an encoded <c>Histogram</c>; empty for none.</summary>
    public byte[] Waits { get; set; } = [];

    /// <summary>Durations of attempts, as an encoded <c>Histogram</c>; empty for none.</summary>
    public byte[] Durations { get; set; } = [];

    /// <summary>The minute of an instant: where its period starts.</summary>
    public static DateTimeOffset MinuteOf(DateTimeOffset now) => FloorTo(now, TimeSpan.FromMinutes(1));

    /// <summary>The start of the period of an instant, counted from midnight in UTC.</summary>
    public static DateTimeOffset FloorTo(DateTimeOffset now, TimeSpan period)
    {
        var utc = now.UtcTicks;
        return new DateTimeOffset(utc - (utc % period.Ticks), TimeSpan.Zero);
    }
}

/// <summary>The period of a rollup.</summary>
/// <remarks>The numbers are stored.</remarks>
public enum RollupStep
{
    /// <summary>A minute, or a part of it, as one process wrote it.</summary>
    Written = 0,

    /// <summary>A minute, merged over all processes.</summary>
    Minute = 60,

    /// <summary>A quarter of an hour.</summary>
    Quarter = 900,
}
