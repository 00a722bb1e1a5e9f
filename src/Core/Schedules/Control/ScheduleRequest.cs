using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Control;

/// <summary>The definition of a schedule, as a caller gives it.</summary>
public sealed record ScheduleRequest
{
    public required string Id { get; init; }

    /// <summary>The job's name or one of its aliases.</summary>
    public required string Job { get; init; }

    /// <summary>JSON text.</summary>
    public string Args { get; init; } = "{}";

    /// <summary>When it fires: exactly one of cron, every and at.</summary>
    public required TriggerSpec Trigger { get; init; }

    public string? Lane { get; init; }

    public int? MaxAttempts { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Number of occurrences after which it stops, from 1. Null: no limit.</summary>
    public int? MaxOccurrences { get; init; }

    public MisfirePolicy Misfire { get; init; }

    /// <summary>Maximum age of a missed fire time that still gets a run; 1 s to 3650 days, see <see cref="Durations.Allowed"/>. Null: no
    /// limit.</summary>
    public string? MisfireDeadline { get; init; }

    public OverlapPolicy Overlap { get; init; }

    /// <summary>Labels for people and for <c>fleet apply --prune</c>: up to 16. Names follow the rules of schedule ids; values have up to
    /// 64 printable characters.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Checks every field except the job and its args.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="trigger">The parsed trigger; set when the result is true.</param>
    /// <param name="error">The problem; set when the result is false.</param>
    public bool TryCheck(DateTimeOffset now, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        error = RunRules.CheckName("id", Id)
            ?? (Lane is null ? null : RunRules.CheckLane(Lane))
            ?? RunRules.CheckArgsSize(Args)
            ?? RunRules.CheckTags(Tags)
            ?? RunRules.CheckMaxAttempts(MaxAttempts)
            ?? RunRules.CheckAhead("at", Trigger.At, now)
            ?? RunRules.CheckAhead("anchor", Trigger.Anchor, now)
            ?? RunRules.CheckAhead("startsAt", Trigger.StartsAt, now)
            ?? CheckMaxOccurrences()
            ?? CheckMisfireDeadline()
            ?? CheckLabels();
        if (error is not null || !Triggers.Trigger.TryParse(Trigger, Id, out var parsed, out error))
            return false;
        error = CheckZone();
        trigger = error is null ? parsed : null;
        return error is null;
    }

    /// <summary>The error for a trigger without a future fire time.</summary>
    public InputError NeverFires(DateTimeOffset now)
    {
        var (field, value) = Trigger.EndsAt is { } end && end <= now ? ("endsAt", end.ToString("O"))
            : Trigger.Cron is { } cron ? ("cron", cron)
            : Trigger.Every is { } every ? ("every", every)
            : ("at", Trigger.At?.ToString("O") ?? "");
        var shown = RunRules.Show(value);
        return new InputError("never_fires", field, $"{field}: '{shown}' never fires after {now:O}.", shown, "a time in the future");
    }

    /// <summary>Copies the definition into a row.</summary>
    /// <returns>False when the row already had this definition.</returns>
    public bool ApplyTo(Schedule row, string jobName)
    {
        var tags = Tags is { Count: > 0 } ? JsonSerializer.Serialize(Tags, FleetJson.Payload) : null;
        DateTimeOffset? firesAt = Stored(Trigger.At);
        DateTimeOffset? anchor = Stored(Trigger.Anchor);
        DateTimeOffset? startsAt = Stored(Trigger.StartsAt);
        DateTimeOffset? endsAt = Stored(Trigger.EndsAt);
        var exclude = Trigger.Exclude is { Count: > 0 } ? string.Join(',', Trigger.Exclude) : null;
        var labels = Labels is { Count: > 0 }
            ? JsonSerializer.Serialize(Labels.OrderBy(l => l.Key, StringComparer.Ordinal).ToDictionary(), FleetJson.Payload)
            : null;
        if (row.Job == jobName && row.Args == Args && row.Lane == Lane && row.MaxAttempts == MaxAttempts && row.Tags == tags
            && row.Cron == Trigger.Cron && row.Every == Trigger.Every && row.Anchor == anchor && row.At == firesAt
            && row.Zone == Trigger.Zone && row.StartsAt == startsAt && row.EndsAt == endsAt && row.Exclude == exclude
            && row.Jitter == Trigger.Jitter
            && row.MaxOccurrences == MaxOccurrences && row.Misfire == Misfire && row.MisfireDeadline == MisfireDeadline
            && row.Overlap == Overlap
            && row.Labels == labels)
        {
            return false;
        }

        (row.Job, row.Args, row.Lane, row.MaxAttempts, row.Tags) = (jobName, Args, Lane, MaxAttempts, tags);
        (row.Cron, row.Every, row.Anchor, row.At) = (Trigger.Cron, Trigger.Every, anchor, firesAt);
        (row.Zone, row.StartsAt, row.EndsAt, row.Exclude, row.Jitter) = (Trigger.Zone, startsAt, endsAt, exclude, Trigger.Jitter);
        (row.MaxOccurrences, row.Misfire, row.MisfireDeadline, row.Overlap) = (MaxOccurrences, Misfire, MisfireDeadline, Overlap);
        row.Labels = labels;
        return true;
    }

    // Instants are cut to the precision of the database. A finer one would look changed at every put, and a one-shot that has fired would
    // then be refused.
    private static DateTimeOffset? Stored(DateTimeOffset? instant) =>
        instant is { } at ? Triggers.Trigger.ToMicroseconds(at.ToUniversalTime()) : null;

    /// <summary>Refuses a zone that has no effect: a caller who writes <c>every: 1d</c> with a zone expects local midnight. Schedules that
    /// were stored earlier may still have one.</summary>
    private InputError? CheckZone()
    {
        var isCalendar = Trigger.Cron is { } cron && !CronText.IsEvery(cron, out _);
        if (isCalendar || Trigger.Exclude is { Count: > 0 } || !Zones.TryFind(Trigger.Zone, out var zone, out _)
            || (zone.BaseUtcOffset == TimeSpan.Zero && !zone.SupportsDaylightSavingTime))
        {
            return null;
        }

        var field = Trigger.At is not null ? "at" : Trigger.Every is not null ? "every" : "cron";
        const string allowed = "no zone here, or a cron expression such as '0 0 * * *', which is read in the zone";
        return new InputError(
            "zone_without_effect", "zone",
            $"zone: '{zone.Id}' would have no effect on '{field}', which names instants and not times of day; allowed is {allowed}.",
            zone.Id, allowed);
    }

    private InputError? CheckMaxOccurrences() => MaxOccurrences is null or >= 1
        ? null
        : RunRules.Invalid(
            "invalid_max_occurrences", "maxOccurrences", MaxOccurrences?.ToString(CultureInfo.InvariantCulture), "1 and more");

    private InputError? CheckMisfireDeadline() =>
        MisfireDeadline is null
            || (Durations.TryParse(MisfireDeadline, out var deadline) && deadline >= TimeSpan.FromSeconds(1)
                && deadline <= RunRules.MaxDelay)
            ? null
            : RunRules.Invalid(
                "invalid_misfire_deadline", "misfireDeadline", MisfireDeadline, "1 s to 3650 days, written as " + Durations.Allowed);

    private InputError? CheckLabels()
    {
        if (Labels?.Count > 16)
            return RunRules.Invalid("invalid_labels", "labels", $"{Labels.Count} labels", "up to 16 labels");
        foreach (var (name, value) in Labels ?? new Dictionary<string, string>())
        {
            if (RunRules.CheckName("labels." + RunRules.Show(name), name) is { } error)
                return error;
            if (value is not { Length: <= 64 } || value.Any(char.IsControl))
                return RunRules.Invalid("invalid_labels", "labels." + name, value, "up to 64 printable characters");
        }

        return null;
    }
}
