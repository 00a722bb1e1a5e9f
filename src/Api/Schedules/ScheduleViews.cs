using Fleet.Client;
using Fleet.Core.Runs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Preview;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Text;

namespace Fleet.Api.Schedules;

/// <summary>Schedules and their fire times as the API shows them.</summary>
internal static class ScheduleViews
{
    public static ScheduleView ToView(this DescribedSchedule info)
    {
        var schedule = info.Row;
        var trigger = schedule.ReadTrigger();
        return new ScheduleView
        {
            Id = schedule.Id,
            Job = schedule.Job,
            Args = StoredJson.Read(info.ShownArgs),
            Cron = schedule.Cron,
            Every = schedule.Every,
            Anchor = schedule.Anchor,
            At = schedule.At,
            Zone = schedule.Zone,
            Words = TriggerWords.Of(trigger, schedule.MaxOccurrences),
            Lane = schedule.Lane,
            MaxAttempts = schedule.MaxAttempts,
            Tags = GetRuns.ReadTags(schedule.Tags),
            StartsAt = schedule.StartsAt,
            EndsAt = schedule.EndsAt,
            Exclude = trigger.Exclude ?? [],
            Jitter = schedule.Jitter,
            MaxOccurrences = schedule.MaxOccurrences,
            Misfire = schedule.Misfire.ToWord(),
            MisfireDeadline = schedule.MisfireDeadline,
            Overlap = schedule.Overlap.ToWord(),
            Labels = schedule.ReadLabels(),
            Timeout = info.Timeout,
            Status = info.Status.ToWord(),
            StatusReason = schedule.StatusReason,
            StatusBy = schedule.StatusBy?.ToView(),
            StatusSince = schedule.StatusSince,
            ResumeAt = schedule.ResumeAt,
            Source = schedule.Source,
            PutBy = schedule.PutBy?.ToView(),
            NextFireAt = info.NextFireAt,
            LastFireTime = info.LastFireTime,
            PlannedUntil = schedule.PlannedUntil,
            LastStartedAt = info.LastStartedAt,
            UpdatedAt = schedule.UpdatedAt,
            Version = schedule.EditVersion(),
            Warnings = trigger.ToWarnings(),
        };
    }

    public static CollisionsView ToView(this Collisions collisions) => new()
    {
        Lane = collisions.Lane,
        Slots = collisions.Slots,
        Count = collisions.Count,
        Worst =
        [
            .. collisions.Worst.Select(c => new CollisionView
            {
                Minute = c.Minute,
                Starts = c.Starts,
                ExpectedSlots = c.ExpectedSlots,
                Schedules = [.. c.Schedules.Select(s => new FiringsView { Id = s.Key, Firings = s.Value })],
                MoreSchedules = c.MoreSchedules,
            }),
        ],
        TruncatedAt = collisions.TruncatedAt,
    };

    /// <summary>A schedule as an endpoint shows it, with its version; null when there is no such schedule.</summary>
    public static async Task<Tagged?> FindTaggedAsync(this GetSchedules get, string id, CancellationToken ct) =>
        await get.FindAsync(id, ct) is { } schedule ? new Tagged(schedule.ToView(), schedule.Row.EditVersion()) : null;

    /// <summary>The next fire times of a trigger.</summary>
    /// <param name="trigger">The trigger.</param>
    /// <param name="cron">Its cron expression, if that alone decides what a clock change does to it.</param>
    /// <param name="zoneId">Its time zone; null: UTC.</param>
    /// <param name="after">Fire times after this instant.</param>
    /// <param name="count">The maximum number of them.</param>
    public static IReadOnlyList<FireTimeView> NextFireTimes(
        Trigger trigger, string? cron, string? zoneId, DateTimeOffset after, int count)
    {
        var zone = Zones.TryFind(zoneId, out var found, out _) ? found : TimeZoneInfo.Utc;
        var times = trigger.Between(after, DateTimeOffset.MaxValue).Take(count).ToList();
        var effects = ClockEffects.ByFireTime(trigger, cron, zoneId, times);
        return
        [
            .. times.Select(t => new FireTimeView
            {
                At = t.ToUniversalTime(),
                Local = TimeZoneInfo.ConvertTime(t, zone),
                ClockEffect = effects.GetValueOrDefault(t)?.ToView(),
            }),
        ];
    }

    public static ClockEffectView ToView(this ClockEffect effect) => new()
    {
        Kind = effect.Kind.ToWord(),
        ChangeAt = effect.Change.At.ToOffset(effect.Change.After),
        Minutes = (effect.Change.After - effect.Change.Before).TotalMinutes,
        Count = effect.Count,
        FireTimes = effect.FireTimes,
        Text = effect.Description,
    };

    /// <summary>The parts of a trigger that its author may not have meant.</summary>
    public static IReadOnlyList<WarningView> ToWarnings(this TriggerSpec trigger) =>
    [
        .. TriggerWarnings.Of(trigger).Select(w => new WarningView { Code = w.Code, Field = w.Field, Message = w.Message }),
    ];
}
