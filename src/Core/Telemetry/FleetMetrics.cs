using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Fleet.Core.Telemetry;

/// <summary>The instruments of Fleet. Meter and activity source are both named <c>Fleet</c>.</summary>
public static class FleetMetrics
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Fleet";

    private static readonly Meter Meter = new(Name);

    /// <summary>Traces: <c>enqueue</c> at the caller, <c>run</c> at the worker, both in the caller's trace.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Items per group commit, by <c>group</c>.</summary>
    public static Histogram<int> GroupCommitSize { get; } = Meter.CreateHistogram<int>("fleet.group_commit.size", "{item}");

    /// <summary>Runs accepted, by <c>lane</c>.</summary>
    public static Counter<long> Enqueued { get; } = Meter.CreateCounter<long>("fleet.runs.enqueued", "{run}");

    /// <summary>Nudges whose run had ended, was owned by another worker or no longer existed, by <c>lane</c>. Some are normal; many mean
    /// that nudges are lost, or sent again for runs that are merely waiting.</summary>
    public static Counter<long> DuplicateNudges { get; } = Meter.CreateCounter<long>("fleet.nudges.duplicate", "{run}");

    /// <summary>Attempts that ended, by <c>job</c> and <c>outcome</c>.</summary>
    public static Counter<long> Attempts { get; } = Meter.CreateCounter<long>("fleet.attempts", "{attempt}");

    /// <summary>Delay from due time to the first line of the handler, in seconds, by <c>lane</c>.</summary>
    public static Histogram<double> Lateness { get; } = Meter.CreateHistogram<double>("fleet.runs.lateness", "s");

    /// <summary>Fire times of schedules, by <c>schedule</c> and <c>outcome</c>: <c>planned</c> got a run, <c>missed</c> was dropped by the
    /// misfire policy.</summary>
    public static Counter<long> FireTimes { get; } = Meter.CreateCounter<long>("fleet.schedules.fire_times", "{fire_time}");

    /// <summary>Delay from fire time to the first line of the handler in the first attempt, in seconds, by <c>schedule</c>.</summary>
    public static Histogram<double> ScheduleLateness { get; } = Meter.CreateHistogram<double>("fleet.schedules.lateness", "s");

    /// <summary>Duration of an attempt, in seconds, by <c>job</c>.</summary>
    public static Histogram<double> Duration { get; } = Meter.CreateHistogram<double>("fleet.attempts.duration", "s");

    /// <summary>Failed passes of a background loop, by <c>loop</c>.</summary>
    public static Counter<long> LoopFailures { get; } = Meter.CreateCounter<long>("fleet.loop.failures", "{failure}");

    /// <summary>Failures of single items (a lane, a schedule, a message) that a background loop skipped, by <c>loop</c>.</summary>
    public static Counter<long> Setbacks { get; } = Meter.CreateCounter<long>("fleet.loop.setbacks", "{failure}");

    /// <summary>Items that a background loop currently skips because they keep failing, by <c>loop</c>.</summary>
    public static UpDownCounter<long> LeftOut { get; } = Meter.CreateUpDownCounter<long>("fleet.loop.left_out", "{item}");

    /// <summary>Duration of a pass of a background loop, in seconds, by <c>loop</c>.</summary>
    public static Histogram<double> LoopDuration { get; } = Meter.CreateHistogram<double>("fleet.loop.duration", "s");

    /// <summary>Credentials of requests that were not valid: unknown, wrong, expired or revoked.</summary>
    public static Counter<long> FailedSignIns { get; } = Meter.CreateCounter<long>("fleet.sign_ins.failed", "{sign_in}");

    /// <summary>Transactions of handlers that are open in this process.</summary>
    public static UpDownCounter<long> TransactionsOpen { get; } = Meter.CreateUpDownCounter<long>(
        "fleet.db.transactions.open", "{transaction}");

    /// <summary>How many transactions of handlers this process may have open at once.</summary>
    public static UpDownCounter<long> TransactionLimit { get; } = Meter.CreateUpDownCounter<long>(
        "fleet.db.transactions.limit", "{transaction}");

    /// <summary>Transactions of handlers that wait because the limit is reached.</summary>
    public static UpDownCounter<long> TransactionsWaiting { get; } = Meter.CreateUpDownCounter<long>(
        "fleet.db.transactions.waiting", "{transaction}");

    /// <summary>How long those that had to wait waited, in seconds.</summary>
    public static Histogram<double> TransactionWait { get; } = Meter.CreateHistogram<double>("fleet.db.transactions.wait", "s");
}
