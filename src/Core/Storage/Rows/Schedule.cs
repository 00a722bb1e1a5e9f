using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fleet.Core.Actors;
using Fleet.Core.Rules;
using Fleet.Core.Text;

namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>schedules</c>: a trigger plus a job and its args.</summary>
public sealed class Schedule
{
    /// <summary>Maximum length of <see cref="StatusReason"/>, in characters.</summary>
    public const int MaxReason = 500;

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

    /// <summary>The period, as the caller wrote it.</summary>
    public string? Every { get; set; }

    /// <summary>The instant from which multiples of <see cref="Every"/> are counted; null is 1970.</summary>
    public DateTimeOffset? Anchor { get; set; }

    public DateTimeOffset? At { get; set; }

    public string? Zone { get; set; }

    /// <summary>Nothing fires before this instant; a fire time exactly at it does. Null: no start.</summary>
    public DateTimeOffset? StartsAt { get; set; }

    /// <summary>Nothing fires after this instant; a fire time exactly at it does. Null: no end.</summary>
    public DateTimeOffset? EndsAt { get; set; }

    /// <summary>The entries of <c>exclude</c>, separated by commas.</summary>
    public string? Exclude { get; set; }

    /// <summary>A period from 1 s to 1 d that spreads schedules with equal fire times. All fire times of a schedule are delayed by the same
    /// fraction of it, derived from the schedule's id. Start, end and excluded dates apply to the times before the delay.</summary>
    public string? Jitter { get; set; }

    /// <summary>Number of occurrences after which it stops; null is no limit.</summary>
    public int? MaxOccurrences { get; set; }

    public MisfirePolicy Misfire { get; set; }

    /// <summary>Maximum age of a missed fire time that still gets a run, as the caller wrote it; null is no limit.</summary>
    public string? MisfireDeadline { get; set; }

    public OverlapPolicy Overlap { get; set; }

    /// <summary>JSON object of strings, for people and for <c>fleet apply --prune</c>.</summary>
    public string? Labels { get; set; }

    public ScheduleStatus Status { get; set; }

    public string? StatusReason { get; set; }

    /// <summary>Who set the status; null for the initial status.</summary>
    public Actor? StatusBy { get; set; }

    /// <summary>When the status was set; null for the initial status.</summary>
    public DateTimeOffset? StatusSince { get; set; }

    /// <summary>When the pause ends; null for no end.</summary>
    public DateTimeOffset? ResumeAt { get; set; }

    /// <summary><c>code</c>, <c>configuration</c> or <c>api</c>.</summary>
    public string Source { get; set; } = "";

    /// <summary>Who put the current definition.</summary>
    public Actor? PutBy { get; set; }

    /// <summary>Fingerprint of the previous definition. It shows when two programs undo each other's changes.</summary>
    public string? Replaced { get; set; }

    /// <summary>Every fire time up to this instant has its run or was skipped.</summary>
    public DateTimeOffset PlannedUntil { get; set; }

    /// <summary>The first fire time after <see cref="PlannedUntil"/>; null when there is none.</summary>
    public DateTimeOffset? NextPlanAt { get; set; }

    /// <summary>The latest fire time that was planned.</summary>
    public DateTimeOffset? LastFireTime { get; set; }

    /// <summary>Number of planned occurrences, without revoked ones.</summary>
    public long Planned { get; set; }

    /// <summary>Number of missed fire times that got no run.</summary>
    public long Missed { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Version of the row for optimistic concurrency; grows with every change.</summary>
    public long Version { get; set; }

    /// <summary>Hash of the definition. Rows with the same definition have the same fingerprint.</summary>
    public string Fingerprint()
    {
        string?[] definition =
        [
            Job, Args, Lane, $"{MaxAttempts}", Tags, Cron, Every, $"{Anchor:O}", $"{At:O}", Zone, $"{StartsAt:O}", $"{EndsAt:O}", Exclude,
            Jitter,
            $"{MaxOccurrences}", $"{Misfire}", MisfireDeadline, $"{Overlap}", Labels,
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(definition))).AsSpan(0, 16));
    }

    /// <summary>The version of what people edit: definition and status. Planning and firing do not change it.</summary>
    public string EditVersion() => VersionOf.Parts(
        Fingerprint(), $"{Status}", StatusReason, StatusBy?.ToRow(), VersionOf.Instant(StatusSince), VersionOf.Instant(ResumeAt), Source,
        PutBy?.ToRow(), VersionOf.Instant(CreatedAt), VersionOf.Instant(UpdatedAt));

    /// <summary>The cron expression if its local times are the fire times; null with <see cref="Jitter"/>, which moves them.</summary>
    public string? CronOnTheClock => Jitter is null ? Cron : null;

    /// <summary>Creates the run of one occurrence, due at its fire time and not staged.</summary>
    public NewRun ToRun(DateTimeOffset fireTime, string lane, DateTimeOffset now) => new()
    {
        Id = RunId.New(now),
        Job = Job,
        Lane = lane,
        Args = Args,
        CreatedAt = now,
        DueAt = fireTime.ToUniversalTime(),
        Staged = false,
        MaxAttempts = MaxAttempts,
        Tags = Tags,
        ScheduleId = Id,
        FireTime = fireTime.ToUniversalTime(),
        Overlap = Overlap,
    };

    public IReadOnlyDictionary<string, string> ReadLabels() =>
        Labels is null
            ? new Dictionary<string, string>()
            : JsonSerializer.Deserialize<Dictionary<string, string>>(Labels, FleetJson.Payload)!;

    /// <summary>The status at an instant; a pause that has ended by then counts as running.</summary>
    public ScheduleStatus StatusOf(DateTimeOffset now) =>
        Status == ScheduleStatus.Paused && ResumeAt <= now ? ScheduleStatus.Running : Status;

    /// <summary>True if Fleet stopped it, because it has no further fire times or its trigger can no longer be read. A new definition
    /// starts it again. A schedule that a person or a program stopped stays stopped.</summary>
    public bool HasEnded => Status == ScheduleStatus.Stopped && StatusBy is { Kind: ActorKind.Scheduler or ActorKind.Policy };

    /// <summary>Sets the status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="reason">The reason, in words for people; cut to <see cref="MaxReason"/>.</param>
    /// <param name="by">Who sets it.</param>
    /// <param name="now">When the status was set.</param>
    public void SetStatus(ScheduleStatus status, string? reason, Actor by, DateTimeOffset now)
    {
        (Status, StatusReason, StatusBy, StatusSince) = (
            status, reason is null ? null : StoredText.Cut(reason, MaxReason), by, now);
        ResumeAt = null;
    }

    /// <summary>Why a schedule without further fire times was stopped.</summary>
    public string LastReason =>
        OccurrencesLeft > 0 ? "It has fired for the last time." : $"It has fired {Planned} times, which is its maxOccurrences.";

    /// <summary>Number of occurrences left within <see cref="MaxOccurrences"/>.</summary>
    public long OccurrencesLeft => MaxOccurrences is { } most ? Math.Max(0, most - Planned) : long.MaxValue;
}
