namespace Fleet.Core.Schedules.Triggers;

/// <summary>When a schedule fires, as a caller wrote it; exactly one of <see cref="Cron"/>, <see cref="Every"/> and
/// <see cref="At"/> is given. <see cref="Trigger"/> checks it.</summary>
public sealed record TriggerSpec
{
    /// <summary>Five cron fields (minute, hour, day of month, month, day of week), six with seconds first, seven with a year last too, a macro
    /// such as <c>@daily</c>, or <c>@every 15s</c>. At most 256 characters.</summary>
    public string? Cron { get; init; }

    /// <summary>A period from 1 s to 3650 days, see <see cref="Durations.Allowed"/>.</summary>
    public string? Every { get; init; }

    /// <summary>The one instant.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>IANA id of the time zone that <see cref="Cron"/> and <see cref="Exclude"/> are read in; null is UTC. Always checked. A
    /// schedule that reads neither in it is refused (<see cref="ScheduleRequest"/>).</summary>
    public string? Zone { get; init; }

    /// <summary>An instant that the fire times of <see cref="Every"/> are counted from, in both directions; null is the Unix
    /// epoch, so that <c>every: 15m</c> fires at the quarters of the hour. Without effect on the other kinds.</summary>
    public DateTimeOffset? Anchor { get; init; }

    /// <summary>Nothing fires before this instant; a fire time right at it does. Null: no bound.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant; a fire time right at it does. Null: no bound.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Dates in <see cref="Zone"/> on which nothing fires, see <see cref="ExcludedDates.Allowed"/>; at most
    /// <see cref="ExcludedDates.Most"/>.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>A period from 1 s to 1 d over which schedules that fire at the same times are spread: every fire time of a schedule comes
    /// later by the same part of it, which follows from the schedule's id. Start, end and excluded dates are those of the time before that.</summary>
    public string? Jitter { get; init; }
}
