using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>Whether a schedule fires.</summary>
public enum ScheduleStatus
{
    /// <summary>It has fired for the last time.</summary>
    Stopped = 0,

    Running = 1,

    /// <summary>A person called a halt; fire times that pass meanwhile are skipped.</summary>
    Paused = 2,
}

/// <summary>What happens to fire times that passed while nobody could plan them.</summary>
public enum MisfirePolicy
{
    /// <summary>One run, for the latest of them.</summary>
    RunLatest = 0,

    /// <summary>None.</summary>
    Skip = 1,

    /// <summary>A run for each, at most <see cref="PlanOccurrences.RunAllCap"/>.</summary>
    RunAll = 2,
}

/// <summary>The row in <c>schedules</c>: a trigger plus a job and its args.</summary>
public sealed class Schedule
{
    /// <summary>1–128 characters: lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</summary>
    public string Id { get; set; } = "";

    public string Job { get; set; } = "";

    /// <summary>JSON text.</summary>
    public string Args { get; set; } = "{}";

    /// <summary>Null: the job's lane.</summary>
    public string? Lane { get; set; }

    public int? MaxAttempts { get; set; }

    /// <summary>JSON array of strings.</summary>
    public string? Tags { get; set; }

    public string? Cron { get; set; }

    /// <summary>The period, as it was written.</summary>
    public string? Every { get; set; }

    /// <summary>From which instant the multiples of <see cref="Every"/> are counted; null is 1970.</summary>
    public DateTimeOffset? Anchor { get; set; }

    public DateTimeOffset? At { get; set; }

    public string? Zone { get; set; }

    public MisfirePolicy Misfire { get; set; }

    public ScheduleStatus Status { get; set; }

    public string? StatusReason { get; set; }

    /// <summary><c>code</c>, <c>configuration</c> or <c>api</c>.</summary>
    public string Source { get; set; } = "";

    /// <summary>Every fire time up to here has its run, or was skipped.</summary>
    public DateTimeOffset PlannedUntil { get; set; }

    /// <summary>The first fire time after <see cref="PlannedUntil"/>; null when there is none.</summary>
    public DateTimeOffset? NextPlanAt { get; set; }

    /// <summary>The latest fire time that was planned.</summary>
    public DateTimeOffset? LastFireTime { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Grows with every change; guards against lost updates.</summary>
    public long Version { get; set; }

    /// <summary>The trigger of the row.</summary>
    /// <exception cref="InvalidRunException">The row cannot be read any more, as when its zone has left the time zone data.</exception>
    public Trigger ParseTrigger() => TryParseTrigger(out var trigger, out var error) ? trigger : throw new InvalidRunException(error);

    /// <inheritdoc cref="ParseTrigger"/>
    /// <returns>False when the row cannot be read any more.</returns>
    public bool TryParseTrigger([NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error) =>
        Trigger.TryParse(new TriggerSpec { Cron = Cron, Every = Every, Anchor = Anchor, At = At, Zone = Zone }, out trigger, out error);
}
