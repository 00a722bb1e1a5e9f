using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Schedules;

namespace Fleet.Api.Schedules;

/// <summary>A schedule as the API shows it.</summary>
public sealed record ScheduleView
{
    public required string Id { get; init; }
    public required string Job { get; init; }
    public required JsonElement Args { get; init; }
    public string? Cron { get; init; }
    public string? Every { get; init; }
    public DateTimeOffset? Anchor { get; init; }
    public DateTimeOffset? At { get; init; }
    public string? Zone { get; init; }
    public string? Lane { get; init; }
    public int? MaxAttempts { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public MisfirePolicy Misfire { get; init; }
    public required ScheduleStatus Status { get; init; }
    public string? StatusReason { get; init; }
    public required string Source { get; init; }

    /// <summary>Null while it does not fire.</summary>
    public DateTimeOffset? NextFireAt { get; init; }

    /// <summary>The latest fire time that has a run; up to the look-ahead in the future.</summary>
    public DateTimeOffset? LastFireTime { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    public static ScheduleView From(Schedule schedule, DateTimeOffset? nextFire) => new()
    {
        Id = schedule.Id,
        Job = schedule.Job,
        Args = StoredJson.Read(schedule.Args),
        Cron = schedule.Cron,
        Every = schedule.Every,
        Anchor = schedule.Anchor,
        At = schedule.At,
        Zone = schedule.Zone,
        Lane = schedule.Lane,
        MaxAttempts = schedule.MaxAttempts,
        Tags = GetRuns.ReadTags(schedule.Tags),
        Misfire = schedule.Misfire,
        Status = schedule.Status,
        StatusReason = schedule.StatusReason,
        Source = schedule.Source,
        NextFireAt = nextFire,
        LastFireTime = schedule.LastFireTime,
        UpdatedAt = schedule.UpdatedAt,
    };
}
