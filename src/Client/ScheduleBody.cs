using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>A schedule as a caller asks for it: a job, its args, and exactly one of cron, every, at.</summary>
public sealed record PutScheduleBody
{
    /// <summary>The name of the job, or one of its aliases.</summary>
    [Required]
    public string? Job { get; init; }

    /// <summary>A JSON object that fits the job's schema. Left out: an empty object.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>5 fields, 6 with seconds first, 7 with a year last too, or a macro such as <c>@hourly</c>. Names
    /// (<c>JAN</c>, <c>SUN</c>), <c>L</c>, <c>W</c> and <c>#</c> are allowed; 0 and 7 are Sunday.</summary>
    public string? Cron { get; init; }

    /// <summary>A period: <c>15s</c>, <c>PT5M</c>, <c>00:05:00</c>.</summary>
    public string? Every { get; init; }

    /// <summary>The instant from which the multiples of <see cref="Every"/> are counted, ISO 8601 with offset. Left out: 1970.</summary>
    public string? Anchor { get; init; }

    /// <summary>The instant of a schedule that fires once, ISO 8601 with offset.</summary>
    public string? At { get; init; }

    /// <summary>IANA time zone of cron. Left out: UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>Left out: the job's lane.</summary>
    [MaxLength(64)]
    [RegularExpression("^[a-z0-9][a-z0-9._-]*$")]
    public string? Lane { get; init; }

    /// <summary>How often each run is tried at most. Left out: what the job says.</summary>
    [Range(1, 1000)]
    public int? MaxAttempts { get; init; }

    /// <summary>Words for each of its runs, 1–64 characters each.</summary>
    [MaxLength(16)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Number of occurrences after which it stops, from 1. Left out: never.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxOccurrences { get; init; }

    /// <summary>Nothing fires before this instant, ISO 8601 with offset.</summary>
    public string? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant, ISO 8601 with offset.</summary>
    public string? EndsAt { get; init; }

    /// <summary>Dates on which nothing fires: <c>2026-12-24</c>, <c>2026-12-24..2027-01-02</c>, <c>12-25</c> in every year.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>A period over which schedules that fire together are spread, by their ids: <c>5m</c>.</summary>
    public string? Jitter { get; init; }

    /// <summary>What happens to fire times that passed while no scheduler could plan them: one run for the latest of
    /// them (<c>runLatest</c>), none (<c>skip</c>), or one for each, at most 100 (<c>runAll</c>). Left out: <c>runLatest</c>.</summary>
    public MisfirePolicy Misfire { get; init; }

    /// <summary>Maximum age of a missed fire time that still gets a run: <c>1h</c>. Left out: no limit.</summary>
    public string? MisfireDeadline { get; init; }

    /// <summary>What happens to an occurrence that comes due while another run of the schedule has not ended: it
    /// runs, too (<c>allow</c>), is canceled (<c>skip</c>), waits (<c>queue</c>), or the earlier run is canceled (<c>replace</c>). Left
    /// out: <c>allow</c>.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>Words for people and programs, by name: up to 64 printable characters each. Left out: none.</summary>
    [MaxLength(16)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Why a schedule is stopped or started.</summary>
public record ControlBody
{
    /// <summary>In words for people; the first 500 characters are kept.</summary>
    public string? Reason { get; init; }
}

/// <summary>Why a schedule is paused, and until when.</summary>
public sealed record PauseBody : ControlBody
{
    /// <summary>When it starts to fire again, ISO 8601 with offset. Left out: when it is resumed.</summary>
    public string? Until { get; init; }
}
