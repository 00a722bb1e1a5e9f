using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage;

namespace Fleet.Core.Schedules;

/// <summary>Whether a schedule fires.</summary>
public enum ScheduleStatus
{
    /// <summary>It has fired for the last time, or a person stopped it; it stays so until it is started.</summary>
    Stopped = 0,

    Running = 1,

    /// <summary>A person called a halt, until it is resumed or until <see cref="Schedule.ResumeAt"/>; fire times that pass meanwhile are skipped.</summary>
    Paused = 2,
}

/// <summary>What happens to an occurrence that comes due while another run of its schedule has not ended.</summary>
public enum OverlapPolicy
{
    /// <summary>Both run.</summary>
    Allow = 0,

    /// <summary>It is canceled, with the reason.</summary>
    Skip = 1,

    /// <summary>It waits until those before it have ended; at most <see cref="Runs.TakeTurns.QueueCap"/> wait, the next is canceled.</summary>
    Queue = 2,

    /// <summary>Those before it are canceled; it starts when they have stopped.</summary>
    Replace = 3,
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
    private const int MostLookedFor = 100_000;

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

    /// <inheritdoc cref="TriggerSpec.StartsAt"/>
    public DateTimeOffset? StartsAt { get; set; }

    /// <inheritdoc cref="TriggerSpec.EndsAt"/>
    public DateTimeOffset? EndsAt { get; set; }

    /// <summary>The entries of <see cref="TriggerSpec.Exclude"/>, with commas between them.</summary>
    public string? Exclude { get; set; }

    /// <inheritdoc cref="TriggerSpec.Jitter"/>
    public string? Jitter { get; set; }

    /// <summary>After how many occurrences it stops; null is never.</summary>
    public int? MaxOccurrences { get; set; }

    public MisfirePolicy Misfire { get; set; }

    /// <summary>A missed fire time older than this is not made up for, as it was written; null is no limit.</summary>
    public string? MisfireDeadline { get; set; }

    public OverlapPolicy Overlap { get; set; }

    /// <summary>JSON object of strings, for people and for <c>fleet apply --prune</c>.</summary>
    public string? Labels { get; set; }

    public ScheduleStatus Status { get; set; }

    public string? StatusReason { get; set; }

    /// <summary>Who gave it its status, as far as known; null while nobody has.</summary>
    public string? StatusBy { get; set; }

    /// <summary>Since when it has its status; null while it has its first.</summary>
    public DateTimeOffset? StatusSince { get; set; }

    /// <summary>When a pause ends by itself.</summary>
    public DateTimeOffset? ResumeAt { get; set; }

    /// <summary><c>code</c>, <c>configuration</c> or <c>api</c>.</summary>
    public string Source { get; set; } = "";

    /// <summary>The program that put the definition, with its version and machine; null when it came through the API.</summary>
    public string? PutBy { get; set; }

    /// <summary>Fingerprint of the definition before this one; tells when two programs undo each other's changes.</summary>
    public string? Replaced { get; set; }

    /// <summary>Every fire time up to here has its run, or was skipped.</summary>
    public DateTimeOffset PlannedUntil { get; set; }

    /// <summary>The first fire time after <see cref="PlannedUntil"/>; null when there is none.</summary>
    public DateTimeOffset? NextPlanAt { get; set; }

    /// <summary>The latest fire time that was planned.</summary>
    public DateTimeOffset? LastFireTime { get; set; }

    /// <summary>How many occurrences have a run, without those that were revoked.</summary>
    public long Planned { get; set; }

    /// <summary>How many fire times were missed and not made up for.</summary>
    public long Missed { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>Grows with every change; guards against lost updates.</summary>
    public long Version { get; set; }

    /// <summary>Equal for rows with the same definition, whatever else is in them.</summary>
    public string Fingerprint()
    {
        string?[] definition =
        [
            Job, Args, Lane, $"{MaxAttempts}", Tags, Cron, Every, $"{Anchor:O}", $"{At:O}", Zone, $"{StartsAt:O}", $"{EndsAt:O}", Exclude, Jitter,
            $"{MaxOccurrences}", $"{Misfire}", MisfireDeadline, $"{Overlap}", Labels,
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(definition))).AsSpan(0, 16));
    }

    /// <summary>The trigger of the row.</summary>
    /// <exception cref="InvalidRunException">The row cannot be read any more, as when its zone has left the time zone data.</exception>
    public Trigger ParseTrigger() => TryParseTrigger(out var trigger, out var error) ? trigger : throw new InvalidRunException(error);

    /// <inheritdoc cref="ParseTrigger"/>
    /// <returns>False when the row cannot be read any more.</returns>
    public bool TryParseTrigger([NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error) =>
        Trigger.TryParse(ReadTrigger(), Id, out trigger, out error);

    /// <summary>What status and <see cref="MaxOccurrences"/> leave of the trigger from now on: nothing before a pause ends, nothing after the
    /// last occurrence. Of more than 100,000 occurrences to come, the last is not looked for.</summary>
    public Trigger RestOf(Trigger trigger, DateTimeOffset now)
    {
        DateTimeOffset? resume = ResumeAt is { } at && at > now ? at.AddTicks(1) : null;
        DateTimeOffset? last = OccurrencesLeft switch
        {
            0 => LastFireTime ?? PlannedUntil,
            <= MostLookedFor => trigger.Between(PlannedUntil, DateTimeOffset.MaxValue).Take((int)OccurrencesLeft).Cast<DateTimeOffset?>().LastOrDefault(),
            _ => null,
        };
        return resume is null && last is null ? trigger : new BoundedTrigger(trigger, resume, last, exclude: null);
    }

    /// <summary>The expression, where the clock on the wall shows its times when it fires; with <see cref="Jitter"/> it fires later.</summary>
    public string? CronOnTheClock => Jitter is null ? Cron : null;

    /// <summary>The run of one of its occurrences, due at its fire time and not staged.</summary>
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

    /// <summary>What the trigger was made from.</summary>
    public TriggerSpec ReadTrigger() => new()
    {
        Cron = Cron,
        Every = Every,
        Anchor = Anchor,
        At = At,
        Zone = Zone,
        StartsAt = StartsAt,
        EndsAt = EndsAt,
        Exclude = Exclude?.Split(','),
        Jitter = Jitter,
    };

    public IReadOnlyDictionary<string, string> ReadLabels() =>
        Labels is null ? new Dictionary<string, string>() : JsonSerializer.Deserialize<Dictionary<string, string>>(Labels, FleetJson.Payload)!;

    /// <summary>Whether it fires at an instant; a pause that has ended by then counts as none.</summary>
    public ScheduleStatus StatusOf(DateTimeOffset now) => Status == ScheduleStatus.Paused && ResumeAt <= now ? ScheduleStatus.Running : Status;

    /// <summary>Gives it a status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="reason">Why, in words for people; cut to <see cref="ControlSchedules.MaxReason"/>.</param>
    /// <param name="by">Who asked; null when nobody did.</param>
    /// <param name="now">Since when.</param>
    public void SetStatus(ScheduleStatus status, string? reason, string? by, DateTimeOffset now)
    {
        (Status, StatusReason, StatusBy, StatusSince) = (status, reason is null ? null : StoredText.Cut(reason, ControlSchedules.MaxReason), by, now);
        ResumeAt = null;
    }

    /// <summary>Lets planning go on from an instant; a schedule that does not fire after it is stopped.</summary>
    public void PlanFrom(DateTimeOffset from, Trigger trigger)
    {
        PlannedUntil = from;
        NextPlanAt = OccurrencesLeft > 0 ? trigger.Next(from)?.ToUniversalTime() : null;
        if (NextPlanAt is null)
            SetStatus(ScheduleStatus.Stopped, LastReason, by: null, from);
    }

    /// <summary>Why it fires no more, once it does not.</summary>
    internal string LastReason => OccurrencesLeft > 0 ? "It has fired for the last time." : $"It has fired {Planned} times, which is its maxOccurrences.";

    /// <summary>How many more occurrences <see cref="MaxOccurrences"/> leaves.</summary>
    public long OccurrencesLeft => MaxOccurrences is { } most ? Math.Max(0, most - Planned) : long.MaxValue;
}
