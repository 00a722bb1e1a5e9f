namespace Fleet.Core.Schedules.Triggers;

/// <summary>When a schedule fires, as a caller wrote it; exactly one of <see cref="Cron"/>, <see cref="Every"/> and
/// <see cref="At"/> is given. <see cref="Trigger.TryParse"/> checks it.</summary>
public sealed record TriggerSpec
{
    /// <summary>Five cron fields (minute, hour, day of month, month, day of week), six with seconds first, a macro such as
    /// <c>@daily</c>, or <c>@every 15s</c>. At most 256 characters.</summary>
    public string? Cron { get; init; }

    /// <summary>A period from 1 s to 3650 days, see <see cref="Durations.Allowed"/>.</summary>
    public string? Every { get; init; }

    /// <summary>The one instant.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>IANA id of the time zone that <see cref="Cron"/> is read in; null is UTC. Always checked, without effect on
    /// the other kinds.</summary>
    public string? Zone { get; init; }

    /// <summary>An instant that the fire times of <see cref="Every"/> are counted from, in both directions; null is the Unix
    /// epoch, so that <c>every: 15m</c> fires at the quarters of the hour. Without effect on the other kinds.</summary>
    public DateTimeOffset? Anchor { get; init; }
}
