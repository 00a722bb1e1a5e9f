using System.Globalization;
using System.Text.Json;
using Fleet.Core.Rules;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Text;

namespace Fleet.Core.Schedules.Control;

/// <summary>Checks the definition of a schedule and copies it into a row.</summary>
public static class ScheduleRules
{
    /// <summary>Checks every field except the job and its args.</summary>
    /// <param name="request">The definition.</param>
    /// <param name="now">The current time.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <returns>The parsed trigger; null if there are errors.</returns>
    public static Trigger? Check(this ScheduleRequest request, DateTimeOffset now, InputErrors errors)
    {
        errors.Add(RunRules.CheckName("id", request.Id));
        if (request.Lane is not null)
            errors.Add(RunRules.CheckLane(request.Lane));
        errors.Add(RunRules.CheckArgsSize(request.Args));
        errors.Add(RunRules.CheckTags(request.Tags));
        errors.Add(RunRules.CheckMaxAttempts(request.MaxAttempts));
        errors.Add(RunRules.CheckAhead("at", request.Trigger.At, now));
        errors.Add(RunRules.CheckAhead("anchor", request.Trigger.Anchor, now));
        errors.Add(RunRules.CheckAhead("startsAt", request.Trigger.StartsAt, now));
        errors.Add(CheckMaxOccurrences(request));
        errors.Add(CheckMisfireDeadline(request));
        errors.Add(CheckLabels(request));
        var trigger = Trigger.Parse(request.Trigger, request.Id, errors);
        if (!errors.Has("trigger"))
            errors.Add(CheckZone(request.Trigger));
        return errors.AreNone ? trigger : null;
    }

    /// <summary>The error for a trigger without a future fire time.</summary>
    public static InputError NeverFires(this ScheduleRequest request, DateTimeOffset now)
    {
        var (field, value) = request.Trigger.EndsAt is { } end && end <= now ? ("endsAt", end.ToString("O"))
            : request.Trigger.Cron is { } cron ? ("cron", cron)
            : request.Trigger.Every is { } every ? ("every", every)
            : ("at", request.Trigger.At?.ToString("O") ?? "");
        var shown = RunRules.Show(value);
        return new InputError("never_fires", field, $"{field}: '{shown}' never fires after {now:O}.", shown, "a time in the future");
    }

    /// <summary>Copies the definition into a row.</summary>
    /// <returns>False when the row already had this definition.</returns>
    public static bool ApplyTo(this ScheduleRequest request, Schedule row, string jobName)
    {
        var tags = request.Tags is { Count: > 0 } ? JsonSerializer.Serialize(request.Tags, FleetJson.Payload) : null;
        DateTimeOffset? firesAt = Stored(request.Trigger.At);
        DateTimeOffset? anchor = Stored(request.Trigger.Anchor);
        DateTimeOffset? startsAt = Stored(request.Trigger.StartsAt);
        DateTimeOffset? endsAt = Stored(request.Trigger.EndsAt);
        var exclude = request.Trigger.Exclude is { Count: > 0 } ? string.Join(',', request.Trigger.Exclude) : null;
        var labels = request.Labels is { Count: > 0 }
            ? JsonSerializer.Serialize(request.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).ToDictionary(), FleetJson.Payload)
            : null;
        if (row.Job == jobName && row.Args == request.Args && row.Lane == request.Lane && row.MaxAttempts == request.MaxAttempts
            && row.Tags == tags && row.Cron == request.Trigger.Cron && row.Every == request.Trigger.Every && row.Anchor == anchor
            && row.At == firesAt && row.Zone == request.Trigger.Zone && row.StartsAt == startsAt && row.EndsAt == endsAt
            && row.Exclude == exclude && row.Jitter == request.Trigger.Jitter && row.MaxOccurrences == request.MaxOccurrences
            && row.Misfire == request.Misfire && row.MisfireDeadline == request.MisfireDeadline && row.Overlap == request.Overlap
            && row.Labels == labels)
        {
            return false;
        }

        (row.Job, row.Args, row.Lane, row.MaxAttempts, row.Tags) = (jobName, request.Args, request.Lane, request.MaxAttempts, tags);
        (row.Cron, row.Every, row.Anchor, row.At) = (request.Trigger.Cron, request.Trigger.Every, anchor, firesAt);
        (row.Zone, row.StartsAt, row.EndsAt) = (request.Trigger.Zone, startsAt, endsAt);
        (row.Exclude, row.Jitter) = (exclude, request.Trigger.Jitter);
        (row.MaxOccurrences, row.Misfire) = (request.MaxOccurrences, request.Misfire);
        (row.MisfireDeadline, row.Overlap) = (request.MisfireDeadline, request.Overlap);
        row.Labels = labels;
        return true;
    }

    // Instants are cut to the precision of the database. A finer one would look changed at every put, and a one-shot that has fired would
    // then be refused.
    private static DateTimeOffset? Stored(DateTimeOffset? instant) =>
        instant is { } at ? Trigger.ToMicroseconds(at.ToUniversalTime()) : null;

    /// <summary>Refuses a zone that has no effect: a caller who writes <c>every: 1d</c> with a zone expects local midnight. Schedules that
    /// were stored earlier may still have one.</summary>
    public static InputError? CheckZone(TriggerSpec spec)
    {
        var isCalendar = spec.Cron is { } cron && !CronText.IsEvery(cron, out _);
        if (isCalendar || spec.Exclude is { Count: > 0 } || !Zones.TryFind(spec.Zone, out var zone, out _)
            || (zone.BaseUtcOffset == TimeSpan.Zero && !zone.SupportsDaylightSavingTime))
        {
            return null;
        }

        var field = spec.At is not null ? "at" : spec.Every is not null ? "every" : "cron";
        const string allowed = "no zone here, or a cron expression such as '0 0 * * *', which is read in the zone";
        return new InputError(
            "zone_without_effect", "zone",
            $"zone: '{zone.Id}' would have no effect on '{field}', which names instants and not times of day; allowed is {allowed}.",
            zone.Id, allowed);
    }

    private static InputError? CheckMaxOccurrences(ScheduleRequest request) => request.MaxOccurrences is null or >= 1
        ? null
        : RunRules.Invalid(
            "invalid_max_occurrences", "maxOccurrences", request.MaxOccurrences?.ToString(CultureInfo.InvariantCulture), "1 and more");

    private static InputError? CheckMisfireDeadline(ScheduleRequest request) =>
        request.MisfireDeadline is null
            || (Durations.TryParse(request.MisfireDeadline, out var deadline) && deadline >= TimeSpan.FromSeconds(1)
                && deadline <= RunRules.MaxDelay)
            ? null
            : RunRules.Invalid(
                "invalid_misfire_deadline", "misfireDeadline", request.MisfireDeadline,
                "1 s to 3650 days, written as " + Durations.Allowed);

    private static InputError? CheckLabels(ScheduleRequest request)
    {
        if (request.Labels?.Count > 16)
            return RunRules.Invalid("invalid_labels", "labels", $"{request.Labels.Count} labels", "up to 16 labels");
        foreach (var (name, value) in request.Labels ?? new Dictionary<string, string>())
        {
            if (RunRules.CheckName("labels." + RunRules.Show(name), name) is { } error)
                return error;
            if (value is not { Length: <= 64 } || value.Any(char.IsControl))
                return RunRules.Invalid("invalid_labels", "labels." + name, value, "up to 64 printable characters");
        }

        return null;
    }
}
