using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>When a schedule fires, as the caller wrote it. Exactly one of <see cref="Cron"/>, <see cref="Every"/> and <see cref="At"/> must
/// be set. <see cref="Trigger"/> checks it.</summary>
public sealed record TriggerSpec
{
    /// <summary>Five cron fields (minute, hour, day of month, month, day of week), six with seconds first, seven with the year last, a
    /// macro such as <c>@daily</c>, or <c>@every 15s</c>. At most 256 characters.</summary>
    public string? Cron { get; init; }

    /// <summary>A period from 1 s to 3650 days, see <see cref="Durations.Allowed"/>.</summary>
    public string? Every { get; init; }

    /// <summary>The single fire time.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>IANA id of the time zone of <see cref="Cron"/> and <see cref="Exclude"/>; null is UTC. Always validated.
    /// <c>ScheduleRequest</c> refuses a zone that neither of them uses.</summary>
    public string? Zone { get; init; }

    /// <summary>The instant from which the fire times of <see cref="Every"/> are counted, in both directions. Null: the Unix epoch, so
    /// <c>every: 15m</c> fires at the quarters of the hour. Ignored by the other kinds.</summary>
    public DateTimeOffset? Anchor { get; init; }

    /// <summary>Nothing fires before this instant; a fire time exactly at it does. Null: no start.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant; a fire time exactly at it does. Null: no end.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Dates in <see cref="Zone"/> on which nothing fires, see <see cref="ExcludedDates.Allowed"/>; at most
    /// <see cref="ExcludedDates.Most"/>.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>A period from 1 s to 1 d that spreads schedules with equal fire times. All fire times of a schedule are delayed by the same
    /// fraction of it, derived from the schedule's id. Start, end and excluded dates apply to the times before the delay.</summary>
    public string? Jitter { get; init; }
}
