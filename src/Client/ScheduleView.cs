using System.Text.Json;

namespace Fleet.Client;

/// <summary>A schedule as the API shows it.</summary>
/// <remarks>Words such as the status are texts and no member is required, so that the answer of a newer or an older server can still be
/// read.</remarks>
public sealed record ScheduleView
{
    /// <summary>The id, as its creator chose it.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name of the job that it runs.</summary>
    public string Job { get; init; } = "";

    /// <summary>The args of each run: a JSON object.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>The cron expression; null for another trigger.</summary>
    public string? Cron { get; init; }

    /// <summary>The period; null for another trigger.</summary>
    public string? Every { get; init; }

    /// <summary>The instant from which the multiples of <c>every</c> are counted; null for 1970.</summary>
    public DateTimeOffset? Anchor { get; init; }

    /// <summary>The instant at which it fires once; null for another trigger.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The IANA time zone of the cron expression; null for UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>When it fires, in words: <c>at 03:00 every day, Europe/Berlin</c>.</summary>
    public string Words { get; init; } = "";

    /// <summary>The lane of its runs; null for the job's lane.</summary>
    public string? Lane { get; init; }

    /// <summary>How often each run is tried at most; null for what the job says.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Words for each of its runs.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Nothing fires before this instant; null for no limit.</summary>
    public DateTimeOffset? StartsAt { get; init; }

    /// <summary>Nothing fires after this instant; null for no limit.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Dates on which nothing fires.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>The period over which schedules that fire together are spread; null for none.</summary>
    public string? Jitter { get; init; }

    /// <summary>Number of occurrences after which it stops; null for no limit.</summary>
    public int? MaxOccurrences { get; init; }

    /// <summary><c>runLatest</c>, <c>skip</c> or <c>runAll</c>.</summary>
    public string Misfire { get; init; } = "";

    /// <summary>Maximum age of a missed fire time that still gets a run; null for no limit.</summary>
    public string? MisfireDeadline { get; init; }

    /// <summary><c>allow</c>, <c>skip</c>, <c>queue</c> or <c>replace</c>.</summary>
    public string Overlap { get; init; } = "";

    /// <summary>Words for people and programs, by name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>How long an attempt of its job may take, as the job says; null when the workers' default holds.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary><c>running</c>, <c>paused</c> or <c>stopped</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Why it has this status; null while it has its first.</summary>
    public string? StatusReason { get; init; }

    /// <summary>Who gave it this status; null while it has its first.</summary>
    public ActorView? StatusBy { get; init; }

    /// <summary>Since when it has this status; null while it has its first.</summary>
    public DateTimeOffset? StatusSince { get; init; }

    /// <summary>When a pause ends by itself.</summary>
    public DateTimeOffset? ResumeAt { get; init; }

    /// <summary><c>api</c>, <c>code</c> or <c>configuration</c>.</summary>
    public string Source { get; init; } = "";

    /// <summary>Who put the current definition.</summary>
    public ActorView? PutBy { get; init; }

    /// <summary>Null while it does not fire.</summary>
    public DateTimeOffset? NextFireAt { get; init; }

    /// <summary>The latest past fire time that has a run, in any state. Null: it has not fired.</summary>
    public DateTimeOffset? LastFireTime { get; init; }

    /// <summary>Fire times up to this instant, the look-ahead in the future, have their runs already.</summary>
    public DateTimeOffset? PlannedUntil { get; init; }

    /// <summary>When the latest started run of the schedule was started.</summary>
    public DateTimeOffset? LastStartedAt { get; init; }

    /// <summary>When its definition or its status changed last.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Changes with each edit of the definition or the status. <c>If-Match: "VERSION"</c> changes this version alone.</summary>
    public string? Version { get; init; }

    /// <summary>What became of the last fire times, the latest first; null unless a list was asked for it.</summary>
    public IReadOnlyList<OccurrenceView>? Outcomes { get; init; }

    /// <summary>Parts of its trigger that its author may not have meant.</summary>
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>A part of a trigger that its author may not have meant.</summary>
public sealed record WarningView
{
    /// <summary>A stable code for programs.</summary>
    public string Code { get; init; } = "";

    /// <summary>The field of the request.</summary>
    public string Field { get; init; } = "";

    /// <summary>One sentence for people.</summary>
    public string Message { get; init; } = "";
}
