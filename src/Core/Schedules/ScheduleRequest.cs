using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules;

/// <summary>A schedule as somebody asks for it.</summary>
public sealed record ScheduleRequest
{
    public required string Id { get; init; }

    /// <summary>The job's name or one of its aliases.</summary>
    public required string Job { get; init; }

    /// <summary>JSON text.</summary>
    public string Args { get; init; } = "{}";

    /// <summary>When it fires: exactly one of cron, every, at.</summary>
    public required TriggerSpec Trigger { get; init; }

    public string? Lane { get; init; }

    public int? MaxAttempts { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public MisfirePolicy Misfire { get; init; }

    /// <summary>Checks every field but the job and its args.</summary>
    /// <param name="now">Against which times are judged.</param>
    /// <param name="trigger">The parsed trigger, when all is well.</param>
    /// <param name="error">What is wrong, else.</param>
    public bool TryCheck(DateTimeOffset now, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error)
    {
        trigger = null;
        error = RunRules.CheckName("id", Id)
            ?? (Lane is null ? null : RunRules.CheckLane(Lane))
            ?? RunRules.CheckArgsSize(Args)
            ?? RunRules.CheckTags(Tags)
            ?? RunRules.CheckMaxAttempts(MaxAttempts)
            ?? RunRules.CheckAhead("at", Trigger.At, now)
            ?? RunRules.CheckAhead("anchor", Trigger.Anchor, now);
        return error is null && Triggers.Trigger.TryParse(Trigger, out trigger, out error);
    }

    /// <summary>The refusal of a trigger that has no fire time to come.</summary>
    public InputError NeverFires(DateTimeOffset now)
    {
        var (field, value) = Trigger.Cron is { } cron ? ("cron", cron) : ("at", Trigger.At?.ToString("O") ?? "");
        var shown = RunRules.Show(value);
        return new InputError("never_fires", field, $"{field}: '{shown}' never fires after {now:O}.", shown, "a time to come");
    }

    /// <summary>Puts the definition into a row.</summary>
    /// <returns>False when the row had it already.</returns>
    public bool ApplyTo(Schedule row, string jobName)
    {
        var tags = Tags is { Count: > 0 } ? JsonSerializer.Serialize(Tags, FleetJson.Payload) : null;
        // As the database keeps it: a finer instant would look changed at every put, and be refused once it has fired.
        DateTimeOffset? firesAt = Trigger.At is { } at ? Triggers.Trigger.ToMicroseconds(at.ToUniversalTime()) : null;
        DateTimeOffset? anchor = Trigger.Anchor is { } from ? Triggers.Trigger.ToMicroseconds(from.ToUniversalTime()) : null;
        if (row.Job == jobName && row.Args == Args && row.Lane == Lane && row.MaxAttempts == MaxAttempts && row.Tags == tags
            && row.Cron == Trigger.Cron && row.Every == Trigger.Every && row.Anchor == anchor && row.At == firesAt
            && row.Zone == Trigger.Zone && row.Misfire == Misfire)
        {
            return false;
        }

        (row.Job, row.Args, row.Lane, row.MaxAttempts, row.Tags) = (jobName, Args, Lane, MaxAttempts, tags);
        (row.Cron, row.Every, row.Anchor, row.At) = (Trigger.Cron, Trigger.Every, anchor, firesAt);
        (row.Zone, row.Misfire) = (Trigger.Zone, Misfire);
        return true;
    }
}
