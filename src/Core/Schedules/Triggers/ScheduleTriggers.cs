using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Actors;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Schedules.Triggers;

/// <summary>The trigger of a schedule's row. The row itself is plain data, so that the storage does not depend on triggers.</summary>
public static class ScheduleTriggers
{
    /// <summary>Who stops a schedule that has no further fire times.</summary>
    public static readonly Actor LastFireTime = Actor.Create(ActorKind.Policy, "last fire time");

    private const int MaxCounted = 100_000;

    /// <summary>The trigger of the row.</summary>
    /// <exception cref="InvalidRunException">The row can no longer be parsed, for example because its zone was removed from the time zone
    /// data.</exception>
    public static Trigger ParseTrigger(this Schedule schedule) =>
        schedule.TryParseTrigger(out var trigger, out var error) ? trigger : throw new InvalidRunException(error);

    /// <inheritdoc cref="ParseTrigger"/>
    /// <returns>False when the row can no longer be parsed.</returns>
    public static bool TryParseTrigger(
        this Schedule schedule, [NotNullWhen(true)] out Trigger? trigger, [NotNullWhen(false)] out InputError? error) =>
        Trigger.TryParse(schedule.ReadTrigger(), schedule.Id, out trigger, out error);

    /// <summary>The definition of the trigger.</summary>
    public static TriggerSpec ReadTrigger(this Schedule schedule) => new()
    {
        Cron = schedule.Cron,
        Every = schedule.Every,
        Anchor = schedule.Anchor,
        At = schedule.At,
        Zone = schedule.Zone,
        StartsAt = schedule.StartsAt,
        EndsAt = schedule.EndsAt,
        Exclude = schedule.Exclude?.Split(','),
        Jitter = schedule.Jitter,
    };

    /// <summary>The trigger limited to the fire times that are still to come: after the end of a pause, and within
    /// <see cref="Schedule.MaxOccurrences"/>. If more than 100,000 occurrences remain, the end is not computed.</summary>
    public static Trigger RestOf(this Schedule schedule, Trigger trigger, DateTimeOffset now)
    {
        DateTimeOffset? resume = schedule.ResumeAt is { } at && at > now ? at.AddTicks(1) : null;
        DateTimeOffset? last = schedule.OccurrencesLeft switch
        {
            0 => schedule.LastFireTime ?? schedule.PlannedUntil,
            <= MaxCounted => trigger.Between(schedule.PlannedUntil, DateTimeOffset.MaxValue).Take((int)schedule.OccurrencesLeft)
                .Cast<DateTimeOffset?>().LastOrDefault(),
            _ => null,
        };
        return resume is null && last is null ? trigger : new BoundedTrigger(trigger, resume, last, exclude: null);
    }

    /// <summary>Continues planning from an instant. A schedule without a fire time after it is stopped.</summary>
    public static void PlanFrom(this Schedule schedule, DateTimeOffset from, Trigger trigger)
    {
        schedule.PlannedUntil = from;
        schedule.NextPlanAt = schedule.OccurrencesLeft > 0 ? trigger.Next(from)?.ToUniversalTime() : null;
        if (schedule.NextPlanAt is null)
            schedule.SetStatus(ScheduleStatus.Stopped, schedule.LastReason, LastFireTime, from);
    }
}
