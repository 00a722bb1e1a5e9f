using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;

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
    public DateTimeOffset? StartsAt { get; init; }
    public DateTimeOffset? EndsAt { get; init; }
    public IReadOnlyList<string> Exclude { get; init; } = [];
    public string? Jitter { get; init; }
    public int? MaxOccurrences { get; init; }
    public MisfirePolicy Misfire { get; init; }
    public string? MisfireDeadline { get; init; }
    public OverlapPolicy Overlap { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>How long an attempt of its job may take, as the job says; null when the workers' default holds.</summary>
    public TimeSpan? Timeout { get; init; }
    public required ScheduleStatus Status { get; init; }

    /// <summary>Why it has this status; null while it has its first.</summary>
    public string? StatusReason { get; init; }

    /// <summary>Who gave it this status; null when nobody did.</summary>
    public string? StatusBy { get; init; }
    public DateTimeOffset? StatusSince { get; init; }

    /// <summary>When a pause ends by itself.</summary>
    public DateTimeOffset? ResumeAt { get; init; }
    public required string Source { get; init; }

    /// <summary>Null while it does not fire.</summary>
    public DateTimeOffset? NextFireAt { get; init; }

    /// <summary>The latest fire time that has passed and has a run, whatever became of the run. Null: it has not fired.</summary>
    public DateTimeOffset? LastFireTime { get; init; }

    /// <summary>Fire times up to this instant, the look-ahead in the future, have their runs already.</summary>
    public DateTimeOffset? PlannedUntil { get; init; }

    /// <summary>When the run of its latest fire time that has been started was started.</summary>
    public DateTimeOffset? LastStartedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What its trigger says and its writer may not have meant.</summary>
    public IReadOnlyList<TriggerWarning> Warnings { get; init; } = [];

    public static ScheduleView From(ScheduleInfo info)
    {
        var schedule = info.Row;
        return new ScheduleView
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
            StartsAt = schedule.StartsAt,
            EndsAt = schedule.EndsAt,
            Exclude = schedule.ReadTrigger().Exclude ?? [],
            Jitter = schedule.Jitter,
            MaxOccurrences = schedule.MaxOccurrences,
            Misfire = schedule.Misfire,
            MisfireDeadline = schedule.MisfireDeadline,
            Overlap = schedule.Overlap,
            Labels = schedule.ReadLabels(),
            Timeout = info.Timeout,
            Status = info.Status,
            StatusReason = schedule.StatusReason,
            StatusBy = schedule.StatusBy,
            StatusSince = schedule.StatusSince,
            ResumeAt = schedule.ResumeAt,
            Source = schedule.Source,
            NextFireAt = info.NextFireAt,
            LastFireTime = info.LastFireTime,
            PlannedUntil = schedule.PlannedUntil,
            LastStartedAt = info.LastStartedAt,
            UpdatedAt = schedule.UpdatedAt,
            Warnings = TriggerWarnings.Of(schedule.ReadTrigger()),
        };
    }
}
