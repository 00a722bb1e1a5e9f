namespace Fleet;

/// <summary>The definition of a schedule, as a caller gives it.</summary>
public sealed record ScheduleRequest
{
    /// <summary>The schedule's name: 1–128 characters: lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The job's name or one of its aliases.</summary>
    public required string Job { get; init; }

    /// <summary>The args of its runs, as JSON text.</summary>
    public string Args { get; init; } = "{}";

    /// <summary>When it fires: exactly one of cron, every and at.</summary>
    public required TriggerSpec Trigger { get; init; }

    /// <summary>The lane of its runs. Null: the job's lane.</summary>
    public string? Lane { get; init; }

    /// <summary>How often a run is tried in all, 1–1000. Null: as the job says.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Tags of its runs: up to 16 of 1–64 printable characters.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Number of occurrences after which it stops, from 1. Null: no limit.</summary>
    public int? MaxOccurrences { get; init; }

    /// <summary>What happens to missed fire times.</summary>
    public MisfirePolicy Misfire { get; init; }

    /// <summary>Maximum age of a missed fire time that still gets a run: 1 s to 3650 days, written as <see cref="TriggerSpec.Every"/>.
    /// Null: no limit.</summary>
    public string? MisfireDeadline { get; init; }

    /// <summary>What happens when an occurrence comes due while an earlier run has not ended.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>Labels for people and for <c>fleet apply --prune</c>: up to 16. Names follow the rules of schedule ids; values have up to
    /// 64 printable characters.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>A schedule for typed args.</summary>
    /// <param name="id">The schedule's name.</param>
    /// <param name="args">Their type names the job.</param>
    /// <param name="trigger">When it fires.</param>
    /// <exception cref="InvalidOperationException">The args type has no <see cref="JobAttribute"/>.</exception>
    /// <exception cref="InvalidRunException">The args cannot be written as JSON.</exception>
    public static ScheduleRequest For<TArgs>(string id, TArgs args, TriggerSpec trigger) where TArgs : notnull =>
        new() { Id = id, Job = JobArgs.NameOf(args.GetType()), Args = JobArgs.Write(args), Trigger = trigger };
}

/// <summary>When a schedule fires. Exactly one of <see cref="Cron"/>, <see cref="Every"/> and <see cref="At"/> must be set.</summary>
public sealed record TriggerSpec
{
    /// <summary>Five cron fields (minute, hour, day of month, month, day of week), six with seconds first, seven with the year last, a
    /// macro such as <c>@daily</c>, or <c>@every 15s</c>. At most 256 characters.</summary>
    public string? Cron { get; init; }

    /// <summary>A period from 1 s to 3650 days: <c>15s</c>, <c>5m</c>, <c>2h</c>, <c>1d</c>, <c>1h30m</c>, <c>PT5M</c> or
    /// <c>hh:mm:ss</c>.</summary>
    public string? Every { get; init; }

    /// <summary>The single fire time.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>IANA id of the time zone of <see cref="Cron"/> and <see cref="Exclude"/>; null is UTC. A zone that neither of them uses is
    /// refused.</summary>
    public string? Zone { get; init; }

    /// <summary>The instant from which the fire times of <see cref="Every"/> are counted, in both directions. Null: the Unix epoch, so
    /// <c>every: 15m</c> fires at the quarters of the hour. Ignored by the other kinds.</summary>
    public DateTimeOffset? Anchor { get; init; }

    /// <summary>Nothing fires before this instant; a fire time exactly at it does. Null: no start.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant; a fire time exactly at it does. Null: no end.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Dates in <see cref="Zone"/> on which nothing fires: a date such as <c>2026-12-24</c>, a range
    /// <c>2026-12-24..2027-01-02</c> of at most 366 days, or a day of every year <c>12-25</c>; at most 400.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>A period from 1 s to 1 d that spreads schedules with equal fire times. All fire times of a schedule are delayed by the same
    /// fraction of it, derived from the schedule's id. Start, end and excluded dates apply to the times before the delay.</summary>
    public string? Jitter { get; init; }
}
